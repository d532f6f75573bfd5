"""Zero-shot classification: cosines of view features with one prototype per class."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from pointclip import store
from pointclip.errors import UserError, choose


HOW = {"zero_shot": "cosine", "zero_shot_softmax": "softmax"}  # score method -> combination


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
    **attrs: object,
) -> None:
    """Write per-view logits of every shape in feature shards, and the weights to combine them by.

    Args:
        weights: None for uniform ones.
        rows: shapes in memory at a time.
    """
    prototypes, scale, classes = read_prototypes(text)
    ids = store.ids_of(features)
    with store.new_h5(path, classes=classes, **attrs) as out:
        out["id"] = ids.astype(object)
        start = 0
        for shard in features:
            with store.open_h5(shard) as f:
                data = f["features"]
                if not start:
                    views = data.shape[1]
                    out.create_dataset("logits", (len(ids), views, len(classes)), np.float32)
                for row in range(0, len(data), rows):
                    chunk = torch.from_numpy(data[row : row + rows])
                    logits = per_view_logits(chunk, prototypes, scale)
                    out["logits"][start : start + len(chunk)] = logits.numpy()
                    start += len(chunk)
        out["weights"] = np.ones(views) if weights is None else weights.numpy()
