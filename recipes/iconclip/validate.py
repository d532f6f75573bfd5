"""Score on held-out icons drawn like depth maps: sets that were not trained on, and words that were
not trained on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from augment import depth_maps, drawings
from einops import reduce, repeat
from model import Prototypes, image_tower
from torch import Tensor, nn


VIEWS = 2


@torch.no_grad()
def mean_features(tower: nn.Module, planes: list[Tensor], side: int) -> Tensor:
    """(N, 64, 64) planes each -> (N, C): the mean over views of unit features, as `plain` averages
    cosines."""
    generator = torch.Generator().manual_seed(1)
    total = []
    for start in range(0, len(planes[0]), 128):
        part = drawings(
            repeat(p[start : start + 128], "n h w -> (n v) h w", v=VIEWS) for p in planes
        )
        drawn = repeat(depth_maps(part, side, generator), "b h w -> b c h w", c=3)
        features = F.normalize(tower(drawn.contiguous(memory_format=torch.channels_last)), dim=-1)
        total.append(reduce(features, "(n v) c -> n c", "mean", v=VIEWS))
    return torch.cat(total)


@torch.no_grad()
def validate(
    model: Path, weights: dict[str, Tensor], prototypes: Prototypes, icons, targets: Path, side: int
) -> str:
    """Top-1 of unseen sets among the visible captions they show, and of unseen words among those
    words, in percent."""
    data = np.load(targets / "targets.npz")
    tower = image_tower(model).to(memory_format=torch.channels_last)
    tower.load_state_dict({name: value.cpu() for name, value in weights.items()})
    tower.eval()
    parts = []
    for split, allowed in ((1, data["seen"][: icons.kept] >= 0.6), (2, None)):
        keep = data["split"] == split
        icon, caption = data["icon"][keep], data["caption"][keep]
        good = (
            caption >= icons.kept
            if allowed is None
            else allowed[np.minimum(caption, icons.kept - 1)]
        )
        good &= (caption < icons.kept) if allowed is not None else True
        icon, caption = icon[good], caption[good]
        some = np.isin(icon, np.unique(icon)[:: 1 if split == 1 else 3])
        icon, caption = icon[some], caption[some]
        shown, where = np.unique(icon, return_inverse=True)
        choices, label = np.unique(caption, return_inverse=True)
        features = mean_features(tower, icons.planes_of(shown), side)
        if allowed is None:
            vectors = prototypes.unseen(prototypes.embeddings[torch.from_numpy(choices)]).cpu()
        else:
            vectors = prototypes().cpu()[torch.from_numpy(choices)]
        ranks = (features @ vectors.T).argsort(1, descending=True)[:, :5].numpy()
        truth = np.zeros((len(shown), len(choices)), bool)
        truth[where, label] = True
        hits = np.take_along_axis(truth, ranks, 1)
        name = "unseen words" if allowed is None else "unseen sets"
        parts.append(
            f"{name}: top-1 {100 * hits[:, 0].mean():.1f} top-5 {100 * hits.any(1).mean():.1f} "
            f"of {len(choices)} ({len(shown)} icons)"
        )
    return "; ".join(parts)
