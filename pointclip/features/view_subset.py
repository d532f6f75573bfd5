"""Features of some views of a projection, taken from those of all its views."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import h5py
import numpy as np

from pointclip.core.errors import UserError
from pointclip.core.store import new_h5, open_h5


BLOCK = 64 * 2**20  # bytes of features in memory at once


def select_views(features: str | Path, views: Sequence[int], out: str | Path) -> None:
    """Copy the features of `views`, in that order, with the ids and attributes of the file.

    A copy and no virtual dataset: HDF5 reads zeros where the file behind a virtual dataset is gone.

    Args:
        features: a file with `features` (…, view, channel) and `id`.

    Raises:
        UserError: if there is no such view.
    """
    with open_h5(features) as source, new_h5(out, **source.attrs) as f:
        data = source["features"]
        *leading, count, channels = data.shape
        if wrong := [view for view in views if not 0 <= view < count]:
            raise UserError(
                f"There is no view {wrong[0]} in {features}: choose from 0 to {count - 1}."
            )
        if "view_names" in f.attrs:
            names = json.loads(f.attrs["view_names"])
            f.attrs["view_names"] = json.dumps([names[view] for view in views])
        f["id"] = source["id"][:]
        selected = f.create_dataset("features", (*leading, len(views), channels), data.dtype)
        for block in row_blocks(data):
            selected[block] = data[block][..., list(views), :]


def row_blocks(data: h5py.Dataset) -> Iterator[slice]:
    """The rows of a data set in blocks of at most `BLOCK` bytes, or of one row."""
    step = max(1, BLOCK // max(1, int(np.prod(data.shape[1:])) * data.dtype.itemsize))
    return (slice(row, row + step) for row in range(0, len(data), step))
