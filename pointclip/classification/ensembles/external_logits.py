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
    frame = store.read_parquet(path)
    if "id" not in frame:
        raise UserError(f"{path} has no column 'id': it has {', '.join(frame.columns)}.")
    return frame.set_index("id")


def _read_npz(path: Path) -> pd.DataFrame:
    try:
        with np.load(path, allow_pickle=False) as f:
            missing = {"id", "logits", "classes"} - set(f.files)
            if missing:
                raise UserError(f"{path} lacks the array '{min(missing)}'.")
            names = [str(name) for name in f["classes"]]
            return pd.DataFrame(f["logits"], index=f["id"].astype(str), columns=names)
    except FileNotFoundError as error:
        raise UserError(f"{path} does not exist.") from error
    except UserError:
        raise
    except (OSError, ValueError) as error:
        raise UserError(f"{path} is not a readable NPZ file ({error}).") from error


READERS = {".parquet": _read_parquet, ".npz": _read_npz}
