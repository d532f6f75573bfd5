"""Zero-shot classification: cosines of view features with one prototype per class."""

from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np
import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from pointclip import store
from pointclip.errors import UserError, choose


# Score method -> combination.
HOW = {"zero_shot": "cosine", "zero_shot_softmax": "softmax"}


def per_view_logits(
    features: Float[Tensor, "shape view channel"],
    prototypes: Float[Tensor, "label channel"],
    scale: float,
) -> Float[Tensor, "shape view label"]:
    """logit_scale * cosine of every view with every class.

    Raises:
        UserError: if a feature is NaN or infinite.
    """
    features = features.float()
    if not torch.isfinite(features).all():
        broken = int((~torch.isfinite(features)).any(-1).any(-1).sum())
        raise UserError(
            f"The features of {broken} shapes hold NaN or infinite values: "
            "encode them again, in fp32 if the backbone overflows fp16."
        )
    return scale * F.normalize(features, dim=-1) @ F.normalize(prototypes.float(), dim=-1).T


def combine(
    logits: Float[Tensor, "shape view label"],
    weights: Float[Tensor, " view"] | None = None,
    how: str = "cosine",
) -> Float[Tensor, "shape label"]:
    """One row of logits per shape: the weighted mean over views.

    `cosine` averages cosines, which ranks classes as the release does (it divides by sqrt(views)
    instead). `softmax` averages the views' probabilities and returns their logarithm.
    """
    choose(how, HOW.values(), "way to combine views")
    if weights is None:
        weights = torch.ones(logits.shape[1])
    weights = (weights / weights.sum()).to(logits)
    if how == "cosine":
        return torch.einsum("nvk,v->nk", logits, weights)
    share = rearrange(weights.log(), "view -> 1 view 1")
    return torch.logsumexp(F.log_softmax(logits, dim=-1) + share, dim=1)


def select_views(
    features: Float[Tensor, "*shape view channel"], views: Sequence[int] | None
) -> Float[Tensor, "*shape selected channel"]:
    """Some of the views, in the given order; None or an empty list for all.

    Raises:
        UserError: if there is no such view.
    """
    if not views:
        return features
    count = features.shape[-2]
    if wrong := [view for view in views if not 0 <= view < count]:
        raise UserError(f"There is no view {wrong[0]}: choose from 0 to {count - 1}.")
    return features[..., list(views), :]


def read_prototypes(path: str | Path) -> tuple[Tensor, float, list[str]]:
    """Prototypes (label, channel), logit scale and class names of a text file."""
    frame = store.read_parquet(path)
    features = torch.from_numpy(np.stack(frame["feature"].to_list()).astype(np.float32))
    return features, float(frame.attrs["logit_scale"]), frame["class"].to_list()


def write_logits(
    features: Sequence[str | Path],
    text: str | Path,
    weights: Float[Tensor, " view"] | None,
    path: str | Path,
    rows: int = 1024,
    views: Sequence[int] | None = None,
    **attrs: object,
) -> None:
    """Write per-view logits of every shape in feature shards, and the weights to combine them by.

    Args:
        weights: None for uniform ones.
        rows: shapes in memory at a time.
        views: use these views, in this order; None for all.
    """
    prototypes, scale, classes = read_prototypes(text)
    ids = store.ids_of(features)
    with store.new_h5(path, classes=classes, **attrs) as out:
        out["id"] = ids.astype(object)
        start = 0
        for shard in features:
            with store.open_h5(shard) as f:
                data = f["features"]
                if "logits" not in out:  # the first shard may be an empty one
                    count = len(views) if views else data.shape[1]
                    out.create_dataset("logits", (len(ids), count, len(classes)), np.float32)
                for row in range(0, len(data), rows):
                    chunk = select_views(torch.from_numpy(data[row : row + rows]), views)
                    logits = per_view_logits(chunk, prototypes, scale)
                    out["logits"][start : start + len(chunk)] = logits.numpy()
                    start += len(chunk)
        out["weights"] = np.ones(count) if weights is None else weights.numpy()


def write_no_logits(text: str | Path, path: str | Path, **attrs: object) -> None:
    """Write the logits file of a protocol that does not exist here: it is scored to no rows."""
    _, _, classes = read_prototypes(text)
    with store.new_h5(path, classes=classes, **attrs) as out:
        out["id"] = np.array([], dtype=h5py.string_dtype())
        out["seed"] = np.empty(0, dtype=np.int64)
        out["logits"] = np.empty((0, 0, len(classes)), dtype=np.float32)
