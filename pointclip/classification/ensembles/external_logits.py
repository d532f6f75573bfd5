"""The logits that another model gives to our shapes, from a file.

The file is one of
- Parquet: a column `id` and one column per class, named as the class, holding its logit;
- NPZ: `id` (shape,), `logits` (shape, class) and `classes` (class,).
Rows may be in any order and more than needed; what is missing is named. An `id` is ours
(`test/000123`), or the one that the data set itself gives the shape (`source_id` of the ids table).
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float

from pointclip.core import store
from pointclip.core.errors import UserError
from pointclip.core.files import printable
from pointclip.core.npz import read_npz


def read_logits(
    path: str | Path,
    ids: np.ndarray,
    classes: list[str],
    source_ids: Mapping[str, str] | None = None,
) -> Float[np.ndarray, "shape class"]:
    """The other model's logits for our shapes and classes, in our order.

    Args:
        source_ids: our id -> the data set's own, for a file that holds none of ours.

    Raises:
        UserError: if the file cannot be read, or lacks a shape or a class.
    """
    path = Path(path)
    if path.suffix not in READERS:
        raise UserError(f"{path} is neither a .parquet nor an .npz file.")
    frame = READERS[path.suffix](path)
    if frame.columns.has_duplicates:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise UserError(f"{path} holds class '{twice}' twice.")
    if frame.index.has_duplicates:
        raise UserError(f"{path} holds shape '{frame.index[frame.index.duplicated()][0]}' twice.")
    if source_ids and not frame.index.isin(ids).any():
        ids = np.array([source_ids[i] for i in ids], dtype=object)
    for what, wanted, there in (
        ("class", classes, frame.columns),
        ("shape", ids.tolist(), frame.index),
    ):
        missing = pd.Index(wanted).difference(there, sort=False)
        if len(missing):
            raise UserError(f"{path} lacks {len(missing)} of our {what} names: '{missing[0]}'.")
    try:
        logits = np.array(frame.loc[ids, classes], dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise UserError(f"{path} holds something else than numbers ({error}).") from error
    if not np.isfinite(logits).all():
        raise UserError(f"{path} holds logits that are NaN or infinite.")
    return logits


def read_source_ids(ids: str | Path) -> dict[str, str]:
    """Our id of each shape of a split -> the id that the data set itself gives it."""
    frame = store.read_parquet(ids, columns=["id", "source_id"])
    return dict(zip(frame["id"], frame["source_id"], strict=True))


def _read_parquet(path: Path) -> pd.DataFrame:
    frame = store.read_parquet(path, foreign=True)
    if "id" not in frame:
        columns = printable(", ".join(map(str, frame.columns)))[:200]
        raise UserError(f"{path} has no column 'id': it has {columns}.")
    return frame.astype({"id": object}).set_index("id")


def _read_npz(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise UserError(f"{path} does not exist.")
    try:
        arrays = read_npz(path, NPZ_NAMES)
    except UserError as error:
        raise UserError(f"{path} is not a readable NPZ file: {error}.") from error
    if missing := set(NPZ_NAMES) - arrays.keys():
        raise UserError(f"{path} lacks the array '{min(missing)}'.")
    ids, logits, classes = (arrays[name] for name in NPZ_NAMES)
    if ids.ndim != 1 or classes.ndim != 1 or logits.shape != (len(ids), len(classes)):
        raise UserError(
            f"{path} holds logits of the shape {logits.shape} for {ids.shape} ids and "
            f"{classes.shape} classes."
        )
    # Of objects: pandas' own strings cannot hold all that a damaged name may be.
    names = [pd.Index([str(name) for name in axis], dtype=object) for axis in (ids, classes)]
    return pd.DataFrame(logits, *names)


NPZ_NAMES = ("id", "logits", "classes")
READERS = {".parquet": _read_parquet, ".npz": _read_npz}
