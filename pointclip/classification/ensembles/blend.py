"""Blending PointCLIP's logits with those of any other model, from a file of theirs.

For a ratio chosen under `validation` the file also holds the held-out train shapes, by a model that
has not learned from them.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from pointclip.classification.ensembles.external_logits import read_logits, read_source_ids
from pointclip.classification.zero_shot import combine, log_softmax, per_view_logits, read_combined
from pointclip.core import store
from pointclip.core.errors import UserError
from pointclip.data.shots import validation_ids
from pointclip.features.read import read_held_out, read_prototypes


def write_blend(
    ours: str | Path,
    theirs: str | Path,
    out: str | Path,
    ratio: float | Sequence[float] = 0.5,
    source_ids: Mapping[str, str] | None = None,
) -> None:
    """Blend a logits file of ours, zero-shot or few-shot, with another model's, shape by shape.

    Args:
        ratio: our share, one for all or one per seed.
        source_ids: our id -> the data set's own, for a file that goes by those.
    """
    with store.open_h5(ours) as f:
        classes = json.loads(f.attrs["classes"])
        ids = f["id"].asstr()[:]
        zero_shot = "weights" in f
        logits = read_combined(f)[None] if zero_shot else f["logits"][:]
        seeds = f["seed"][:] if "seed" in f else None
    if len(logits) and len(ids):
        other = read_logits(theirs, ids, classes, source_ids)
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
    first, second = (log_softmax(logits.astype(np.float64)) for logits in (ours, theirs))
    mixed = ratio * first + (1 - ratio) * second
    return mixed.astype(np.float32)


def search_ratio(
    ours: Float[np.ndarray, "shape label"],
    theirs: Float[np.ndarray, "shape label"],
    labels: Int[np.ndarray, " shape"],
) -> tuple[float, float]:
    """Our share with the highest accuracy on held-out shapes, and that accuracy in percent.

    Of equally accurate shares the one nearest to one half wins.
    """
    shares = [step / 20 for step in range(21)]
    right = [float((blend(ours, theirs, s).argmax(1) == labels).mean()) for s in shares]
    best = max(zip(right, shares, strict=True), key=lambda pair: (pair[0], -abs(pair[1] - 0.5)))
    return best[1], 100 * best[0]


def choose_ratios(
    ours: str | Path,
    theirs: str | Path,
    text: str | Path,
    drawn: str | Path,
    labels: str | Path,
    ids: str | Path,
    features: Sequence[str | Path],
) -> pd.DataFrame:
    """Our share under `validation`: per seed the best on the held-out TRAIN shapes.

    Args:
        ours: an adapter, or a zero-shot logits file for the weights of its views.
        drawn: the shots.
        labels, ids, features: of the TRAIN split.

    Returns:
        Columns `seed, ratio, accuracy`; no row where nothing is held out.
    """
    held_out = read_held_out(drawn, labels, features)
    found: list[tuple[int | None, float, float]] = []
    if held_out is not None:
        prototypes, scale, classes = read_prototypes(text)
        seeds, logits = _apply(Path(ours), held_out[0], prototypes, scale)
        held_out_ids = validation_ids(store.read_parquet(drawn))
        other = read_logits(theirs, held_out_ids, classes, read_source_ids(ids))
        for seed, one in zip(seeds, logits, strict=True):
            found.append((seed, *search_ratio(one, other, held_out[1])))
    frame = pd.DataFrame(found, columns=["seed", "ratio", "accuracy"])
    return frame.astype({"seed": "Int64", "ratio": float, "accuracy": float})


def _apply(
    ours: Path,
    features: Float[np.ndarray, "shape view channel"],
    prototypes: Float[np.ndarray, "label channel"],
    scale: float,
) -> tuple[list[int | None], Float[np.ndarray, "seed shape label"]]:
    """Our logits of some shapes, of every seed; zero-shot counts as one seed without a number."""
    if ours.suffix == ".safetensors":
        import torch  # blending alone does without it, and starts four times as fast

        from pointclip.classification.adapters import METHODS

        state, about = store.read_tensors(ours)
        text, method = state.pop("prototypes"), METHODS[about["method"]]
        logits = method.logits(state, torch.from_numpy(features), text, scale)
        return about["seeds"], logits.numpy()
    with store.open_h5(ours) as f:
        weights = f["weights"][:]
    return [None], combine(per_view_logits(features, prototypes, scale), weights)[None]
