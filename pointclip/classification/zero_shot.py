"""Zero-shot classification: cosines of view features with one prototype per class.

Without torch, whose import would cost a job more than all its arithmetic.
"""

from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np
from jaxtyping import Float

from pointclip.core import store
from pointclip.core.errors import UserError, choose
from pointclip.features.read import feature_blocks, read_prototypes


def per_view_logits(
    features: Float[np.ndarray, "shape view channel"],
    prototypes: Float[np.ndarray, "class channel"],
    scale: float,
) -> Float[np.ndarray, "shape view class"]:
    """logit_scale * cosine of every view with every class.

    Raises:
        UserError: if a feature is NaN or infinite.
    """
    features = features.astype(np.float32)
    finite = np.isfinite(features).all((1, 2))
    if not finite.all():
        raise UserError(
            f"The features of {np.count_nonzero(~finite)} shapes hold NaN or infinite values: "
            "encode them again, in fp32 if the backbone overflows fp16."
        )
    # One product of two matrices: of three axes, numpy makes one product a shape.
    flat = _unit(features).reshape(-1, features.shape[-1]) @ _unit(prototypes).T
    return np.float32(scale) * flat.reshape(*features.shape[:2], len(prototypes))


def combine(
    logits: Float[np.ndarray, "shape view class"],
    weights: Float[np.ndarray, " view"] | None = None,
    method: str = "zero_shot",
) -> Float[np.ndarray, "shape class"]:
    """One row of logits per shape: the weighted mean over views, in double precision.

    `zero_shot` averages cosines, which ranks classes as the release does (it divides by sqrt(views)
    instead). `zero_shot_softmax` averages the views' probabilities and returns their logarithm.
    """
    mean = COMBINE[choose(method, COMBINE, "zero-shot method")]
    weights = np.ones(logits.shape[1]) if weights is None else weights.astype(np.float64)
    return mean(logits.astype(np.float64), weights / weights.sum())


def read_combined(
    f: h5py.File, method: str = "zero_shot", rows: int = 8192
) -> Float[np.ndarray, "shape class"]:
    """The logits of a file of `write_logits`, its views weighted as it says.

    Args:
        rows: shapes whose views are in memory at a time.
    """
    logits, weights = f["logits"], f["weights"][:]
    parts = (logits[row : row + rows] for row in range(0, max(len(logits), 1), rows))
    return np.concatenate([combine(part, weights, method) for part in parts])


def log_softmax(logits: Float[np.ndarray, "*shape class"]) -> Float[np.ndarray, "*shape class"]:
    """Logarithms of probabilities."""
    return logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)


def _mean_cosine(
    logits: Float[np.ndarray, "shape view class"], weights: Float[np.ndarray, " view"]
) -> Float[np.ndarray, "shape class"]:
    return np.einsum("nvk,v->nk", logits, weights)


def _mean_probability(
    logits: Float[np.ndarray, "shape view class"], weights: Float[np.ndarray, " view"]
) -> Float[np.ndarray, "shape class"]:
    with np.errstate(divide="ignore"):  # the logarithm of a weight of zero is -inf, as it should be
        log_weights = np.log(weights)[:, None]
    return np.logaddexp.reduce(log_softmax(logits) + log_weights, axis=1)


# Score method -> how views are combined.
COMBINE = {"zero_shot": _mean_cosine, "zero_shot_softmax": _mean_probability}


def write_logits(
    features: Sequence[str | Path],
    text: str | Path,
    weights: Float[np.ndarray, " view"] | None,
    path: str | Path,
    rows: int = 1024,
    **attrs: object,
) -> None:
    """Write per-view logits of every shape in feature shards, and the weights to combine them by.

    Args:
        weights: None for uniform ones.
        rows: shapes in memory at a time.

    Raises:
        UserError: if the shards were not encoded alike, or a feature is NaN or infinite.
    """
    prototypes, scale, classes = read_prototypes(text)
    ids = store.ids_of(features)
    with store.new_h5(path, classes=classes, **attrs) as out:
        out["id"] = ids.astype(object)
        start = 0
        for _, block in feature_blocks(features, rows):
            if "logits" not in out:
                views = block.shape[1]
                out.create_dataset("logits", (len(ids), views, len(classes)), np.float32)
            logits = per_view_logits(block, prototypes, scale)
            out["logits"][start : start + len(block)] = logits
            start += len(block)
        out["weights"] = np.ones(views) if weights is None else weights


def write_no_logits(text: str | Path, path: str | Path, **attrs: object) -> None:
    """Write the logits file of a protocol that does not exist here: it is scored to no rows."""
    _, _, classes = read_prototypes(text)
    with store.new_h5(path, classes=classes, **attrs) as out:
        out["id"] = np.array([], dtype=h5py.string_dtype())
        out["seed"] = np.empty(0, dtype=np.int64)
        out["logits"] = np.empty((0, 0, len(classes)), dtype=np.float32)


def _unit(x: Float[np.ndarray, "*batch channel"]) -> Float[np.ndarray, "*batch channel"]:
    return x / np.linalg.norm(x, axis=-1, keepdims=True).clip(1e-12)
