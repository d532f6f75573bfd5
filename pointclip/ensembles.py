"""Blending PointCLIP's logits with those of any other model, from a file of theirs.

The other model's file is one of
- Parquet: a column `id` and one column per class, named as the class, holding its logit;
- NPZ: `id` (shape,), `logits` (shape, class) and `classes` (class,).
Rows may be in any order and more than needed; what is missing is named. An `id` is ours
(`test/000123`), or the data set's published one (`published_id` of the labels table). For a ratio
chosen under `validation` the file also holds the held-out train shapes.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Int

from pointclip import store
from pointclip.errors import UserError
from pointclip.zero_shot import combine


def write_blend(
    ours: str | Path,
    theirs: str | Path,
    out: str | Path,
    ratio: float | Sequence[float] = 0.5,
    published: Mapping[str, str] | None = None,
) -> None:
    """Blend a logits file of ours, zero-shot or few-shot, with another model's, shape by shape.

    Args:
        ratio: our share, one for all or one per seed.
        published: our id -> the id that the other model's file uses; None if it uses ours.
    """
    with store.open_h5(ours) as f:
        classes = json.loads(f.attrs["classes"])
        ids = f["id"].asstr()[:]
        zero_shot = "weights" in f
        logits = combined(f)[None] if zero_shot else f["logits"][:]
        seeds = f["seed"][:] if "seed" in f else None
    if len(logits) and len(ids):
        other = read_logits(theirs, translated(ids, published), classes)
        shares = np.broadcast_to(ratio, len(logits))
        logits = np.stack(
            [blend(one, other, float(r)) for one, r in zip(logits, shares, strict=True)]
        )
    with store.new_h5(out, classes=classes, ratio=np.atleast_1d(ratio)) as f:
        f["id"] = ids.astype(object) if len(ids) else np.array([], dtype=h5py.string_dtype())
        if zero_shot:  # scored as one view that counts fully
            f["logits"], f["weights"] = logits[0][:, None], np.ones(1)
        else:
            f["logits"], f["seed"] = logits, seeds


def combined(f: h5py.File) -> Float[np.ndarray, "shape label"]:
    """The zero-shot logits of a file, its views weighted as it says."""
    weights = torch.from_numpy(f["weights"][:])
    return combine(torch.from_numpy(f["logits"][:]), weights).numpy()


def translated(ids: np.ndarray, published: Mapping[str, str] | None) -> np.ndarray:
    """Ids as another model's file has them."""
    return ids if published is None else np.array([published[i] for i in ids], dtype=object)


def read_logits(path: str | Path, ids: np.ndarray, classes: list[str]) -> np.ndarray:
    """The other model's logits (shape, class) for our shapes and classes, in our order.

    Raises:
        UserError: if the file cannot be read, or lacks a shape or a class.
    """
    path = Path(path)
    if path.suffix == ".parquet":
        frame = store.read_parquet(path)
        if "id" not in frame:
            raise UserError(f"{path} has no column 'id': it has {', '.join(frame.columns)}.")
        frame = frame.set_index("id")
    elif path.suffix == ".npz":
        frame = _read_npz(path)
    else:
        raise UserError(f"{path} is neither a .parquet nor an .npz file.")
    if frame.index.has_duplicates:
        raise UserError(f"{path} holds shape '{frame.index[frame.index.duplicated()][0]}' twice.")
    for what, wanted, there in (
        ("class", classes, frame.columns),
        ("shape", ids.tolist(), frame.index),
    ):
        missing = pd.Index(wanted).difference(there, sort=False)
        if len(missing):
            raise UserError(f"{path} lacks {len(missing)} of our {what} names: '{missing[0]}'.")
    logits = np.array(frame.loc[ids, classes], dtype=np.float32)
    if not np.isfinite(logits).all():
        raise UserError(f"{path} holds logits that are NaN or infinite.")
    return logits


def blend(
    ours: Float[np.ndarray, "shape label"],
    theirs: Float[np.ndarray, "shape label"],
    ratio: float = 0.5,
) -> Float[np.ndarray, "shape label"]:
    """Weighted mean of log-probabilities; `ratio` is our share.

    Log-probabilities, because two models' logits need not have the same scale or offset.
    """
    if not 0 <= ratio <= 1:
        raise UserError(f"Ratio {ratio} is not a share: choose a number from 0 to 1.")
    mixed = ratio * _log_softmax(ours) + (1 - ratio) * _log_softmax(theirs)
    return mixed.astype(np.float32)


def search_ratio(
    ours: Float[np.ndarray, "shape label"],
    theirs: Float[np.ndarray, "shape label"],
    labels: Int[np.ndarray, " shape"],
    steps: int = 20,
) -> tuple[float, float]:
    """Our share with the highest accuracy on held-out shapes, and that accuracy in percent.

    Of equally accurate shares the one nearest to one half wins.
    """
    shares = [step / steps for step in range(steps + 1)]
    right = [float((blend(ours, theirs, s).argmax(1) == labels).mean()) for s in shares]
    best = max(zip(right, shares, strict=True), key=lambda pair: (pair[0], -abs(pair[1] - 0.5)))
    return best[1], 100 * best[0]


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    return torch.from_numpy(logits).double().log_softmax(-1).numpy()


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
