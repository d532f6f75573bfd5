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
    similarity: Float[np.ndarray, "shape view"] | None = None,
) -> Float[np.ndarray, "shape class"]:
    """One row of logits per shape: the weighted mean over views, in double precision.

    `zero_shot` averages cosines, which ranks classes as the release does (it divides by sqrt(views)
    instead). `zero_shot_softmax` averages the views' probabilities and returns their logarithm.
    Two methods weigh the views of each shape without a label: `zero_shot_mvf` averages cosines by
    the softmax of each view's similarity to the mean view (after MVF-PointCLIP),
    `zero_shot_entropy` averages the probabilities of the half of the views with the least entropy.

    Args:
        weights: of all shapes; uniform if None.
        similarity: cosine of each view with the shape's mean view, for `zero_shot_mvf`.
    """
    choose(method, COMBINE, "zero-shot method")
    wide = logits.astype(np.float64)
    weights = np.ones(logits.shape[1]) if weights is None else weights.astype(np.float64)
    each = np.tile(weights / weights.sum(), (len(wide), 1))
    if method == "zero_shot_mvf":
        if similarity is None:
            raise UserError("These logits hold no similarities of views: make them anew.")
        each *= np.exp(SHARPNESS * (similarity - similarity.max(1, keepdims=True)))
    if method == "zero_shot_entropy":
        log_p = log_softmax(wide)
        entropy = -(np.exp(log_p) * log_p).sum(2)
        order = np.argsort(entropy, axis=1, kind="stable")
        np.put_along_axis(each, order[:, -(-wide.shape[1] // 2) :], 0, axis=1)
    return COMBINE[method](wide, each / each.sum(1, keepdims=True))


def read_combined(
    f: h5py.File, method: str = "zero_shot", rows: int = 8192
) -> Float[np.ndarray, "shape class"]:
    """The logits of a file of `write_logits`, its views weighted as it says.

    Args:
        rows: shapes whose views are in memory at a time.
    """
    logits, weights, similarity = f["logits"], f["weights"][:], f.get("similarity")
    found = []
    for row in range(0, max(len(logits), 1), rows):
        part = slice(row, row + rows)
        near = None if similarity is None else similarity[part]
        found.append(combine(logits[part], weights, method, near))
    return np.concatenate(found)


def log_softmax(logits: Float[np.ndarray, "*shape class"]) -> Float[np.ndarray, "*shape class"]:
    """Logarithms of probabilities."""
    return logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)


def view_similarity(
    features: Float[np.ndarray, "shape view channel"],
) -> Float[np.ndarray, "shape view"]:
    """Cosine of each view with the mean view of its shape."""
    unit = _unit(features.astype(np.float32))
    return np.einsum("nvc,nc->nv", unit, _unit(unit.mean(1)))


def _mean_cosine(
    logits: Float[np.ndarray, "shape view class"], weights: Float[np.ndarray, "shape view"]
) -> Float[np.ndarray, "shape class"]:
    return np.einsum("nvk,nv->nk", logits, weights)


def _mean_probability(
    logits: Float[np.ndarray, "shape view class"], weights: Float[np.ndarray, "shape view"]
) -> Float[np.ndarray, "shape class"]:
    with np.errstate(divide="ignore"):  # the logarithm of a weight of zero is -inf, as it should be
        log_weights = np.log(weights)[:, :, None]
    return np.logaddexp.reduce(log_softmax(logits) + log_weights, axis=1)


# Score method -> how views are averaged.
COMBINE = {
    "zero_shot": _mean_cosine,
    "zero_shot_softmax": _mean_probability,
    "zero_shot_mvf": _mean_cosine,
    "zero_shot_entropy": _mean_probability,
}
# Those of them that have weights of their own for every shape, so under `plain` alone.
WITHOUT_LABELS = ("zero_shot_mvf", "zero_shot_entropy")
# Of the softmax over views: 1, 5, 10, 20 and 40 were tried on train shapes of ModelNet40.
SHARPNESS = 5.0


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
                out.create_dataset("similarity", (len(ids), views), np.float32)
            logits = per_view_logits(block, prototypes, scale)
            out["logits"][start : start + len(block)] = logits
            out["similarity"][start : start + len(block)] = view_similarity(block)
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
