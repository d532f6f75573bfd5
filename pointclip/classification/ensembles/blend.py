"""Blend our logits with those that another model gives to the same shapes.

Without torch, whose import would take longer than the blend; only `tune_blend_weights` on an
adapter needs it.
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


STEPS = 20  # of the search for a blend weight, from 0 to 1


def write_blend(
    ours: str | Path,
    external: str | Path,
    out: str | Path,
    blend_weight: float | Sequence[float] = 0.5,
    source_ids: Mapping[str, str] | None = None,
) -> None:
    """Blend a logits file of ours, zero-shot or few-shot, with a file of another model's logits.

    Args:
        blend_weight: the weight of ours: one number, or one per seed.
        source_ids: our id -> the data set's own, for a file that goes by those.

    Raises:
        UserError: if the other file does not fit, or a weight is not from 0 to 1.
    """
    with store.open_h5(ours) as f:
        classes = json.loads(f.attrs["classes"])
        ids = f["id"].asstr()[:]
        zero_shot = "weights" in f
        logits = read_combined(f)[None] if zero_shot else f["logits"][:]
        seeds = f["seed"][:] if "seed" in f else None
    if len(logits) and len(ids):
        other = read_logits(external, ids, classes, source_ids)
        weights = np.broadcast_to(blend_weight, len(logits))
        pairs = zip(logits, weights, strict=True)
        logits = np.stack([blend(one, other, float(weight)) for one, weight in pairs])
    with store.new_h5(out, classes=classes, blend_weight=np.atleast_1d(blend_weight)) as f:
        f["id"] = ids.astype(object) if len(ids) else np.array([], dtype=h5py.string_dtype())
        if zero_shot:  # scored as one view with a weight of one
            f["logits"], f["weights"] = logits[0][:, None], np.ones(1)
        else:
            f["logits"], f["seed"] = logits, seeds


def blend(
    ours: Float[np.ndarray, "shape class"],
    external: Float[np.ndarray, "shape class"],
    blend_weight: float = 0.5,
) -> Float[np.ndarray, "shape class"]:
    """Weighted mean of log-probabilities; `blend_weight` is the weight of ours.

    Log-probabilities, because the logits of two models need not have the same scale or offset.

    Raises:
        UserError: if the weight is not from 0 to 1.
    """
    if not 0 <= blend_weight <= 1:
        raise UserError(f"Blend weight {blend_weight} is not in range: give a number from 0 to 1.")
    first, second = (log_softmax(logits.astype(np.float64)) for logits in (ours, external))
    mixed = blend_weight * first + (1 - blend_weight) * second
    return mixed.astype(np.float32)


def tune_blend_weight(
    ours: Float[np.ndarray, "shape class"],
    external: Float[np.ndarray, "shape class"],
    labels: Int[np.ndarray, " shape"],
) -> tuple[float, float]:
    """The blend weight with the highest accuracy, and that accuracy in percent.

    Ties go to the weight nearest to one half.
    """
    weights = [step / STEPS for step in range(STEPS + 1)]
    right = [float((blend(ours, external, w).argmax(1) == labels).mean()) for w in weights]
    best = max(zip(right, weights, strict=True), key=lambda pair: (pair[0], -abs(pair[1] - 0.5)))
    return best[1], 100 * best[0]


def tune_blend_weights(
    ours: str | Path,
    external: str | Path,
    text: str | Path,
    sampled: str | Path,
    labels: str | Path,
    ids: str | Path,
    features: Sequence[str | Path],
) -> pd.DataFrame:
    """The blend weights of `validation`: per seed the best on the held-out TRAIN shapes.

    Args:
        ours: an adapter, or a zero-shot logits file for the weights of its views.
        sampled: which shapes are shots, and which are held out.
        labels, ids, features: of the TRAIN split.

    Returns:
        Columns `seed, blend_weight, accuracy`; no row where nothing is held out.
    """
    held_out = read_held_out(sampled, labels, features)
    found: list[tuple[int | None, float, float]] = []
    if held_out is not None:
        prototypes, scale, classes = read_prototypes(text)
        seeds, logits = _apply(Path(ours), held_out[0], prototypes, scale)
        held_out_ids = validation_ids(store.read_parquet(sampled))
        other = read_logits(external, held_out_ids, classes, read_source_ids(ids))
        for seed, one in zip(seeds, logits, strict=True):
            found.append((seed, *tune_blend_weight(one, other, held_out[1])))
    frame = pd.DataFrame(found, columns=["seed", "blend_weight", "accuracy"])
    return frame.astype({"seed": "Int64", "blend_weight": float, "accuracy": float})


def _apply(
    ours: Path,
    features: Float[np.ndarray, "shape view channel"],
    prototypes: Float[np.ndarray, "class channel"],
    scale: float,
) -> tuple[Sequence[int | None], Float[np.ndarray, "seed shape class"]]:
    """Our logits of some shapes, of every seed; zero-shot counts as one seed without a number."""
    if ours.suffix == ".safetensors":
        import torch

        from pointclip.classification.few_shot.adapter_file import read_adapter

        adapter = read_adapter(ours, own=True)
        return adapter.seeds, adapter.logits(torch.from_numpy(features)).numpy()
    with store.open_h5(ours) as f:
        weights = f["weights"][:]
    return [None], combine(per_view_logits(features, prototypes, scale), weights)[None]
