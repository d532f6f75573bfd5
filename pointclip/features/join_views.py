"""Features of several projections side by side, as if they were the views of one."""

import json
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from pointclip.core.errors import UserError
from pointclip.core.store import new_h5, open_h5
from pointclip.features.view_subset import row_blocks


def join_views(parts: Mapping[str, str | Path], out: str | Path, name: str) -> None:
    """Copy the views of all parts into one file, in the order of the parts.

    Args:
        parts: projection -> a file with `features` (…, view, channel) and `id`, which hold the same
            shapes, and in the files of augmented shots the same copies.
        out: gets the attributes of the first part, but `projection` is `name`.

    Raises:
        UserError: if the parts hold other shapes, or come from different encoders.
    """
    with ExitStack() as stack:
        files = {part: stack.enter_context(open_h5(path)) for part, path in parts.items()}
        first_name, first = next(iter(files.items()))
        for part, file in files.items():
            same = np.array_equal(file["id"][:], first["id"][:])
            (*leading, _, channels), (*expected, _, dim) = (
                f["features"].shape for f in (file, first)
            )
            if not same or leading != expected or channels != dim:
                raise UserError(
                    f"The features of '{part}' and '{first_name}' are not of the same shapes and "
                    f"encoder: the projection '{name}' cannot join them."
                )
        names = [
            f"{part}: {view}"
            for part, file in files.items()
            for view in json.loads(file.attrs.get("view_names", "[]"))
        ]
        attrs = {**first.attrs, "projection": name, "parts": list(parts), "view_names": names}
        f = stack.enter_context(new_h5(out, **attrs))
        f["id"] = first["id"][:]
        views = sum(file["features"].shape[-2] for file in files.values())
        dtype = first["features"].dtype
        joined = f.create_dataset("features", (*expected, views, dim), dtype)
        for block in row_blocks(joined):
            rows = [file["features"][block] for file in files.values()]
            joined[block] = np.concatenate(rows, axis=-2)
