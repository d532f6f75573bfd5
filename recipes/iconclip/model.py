"""The image tower as open_clip builds it, and the caption prototypes that stand in for the text
tower while training."""

from __future__ import annotations

import json
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def image_tower(config: Path, side: int | None = None) -> nn.Module:
    """open_clip's TimmModel of a model config (its `vision_cfg`), randomly initialised."""
    from open_clip.timm_model import TimmModel

    entry = json.loads(config.read_text())
    vision = entry["vision_cfg"]
    return TimmModel(
        vision["timm_model_name"],
        entry["embed_dim"],
        image_size=side or vision["image_size"],
        pool=vision.get("timm_pool", "avg"),
        proj=vision.get("timm_proj", "linear"),
    )


class SmallConv(nn.Conv2d):
    """A 3x3 convolution that skips the taps which only meet padding: on 1x1 and 2x2 maps most of
    them.

    Same weights, same result; a third of the time of a ResNet step at 32 pixels, where oneDNN
    multiplies the zeros.
    """

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[-1] == 1:
            return F.linear(x.flatten(1), self.weight[:, :, 1, 1])[:, :, None, None]
        if x.shape[-1] == 2 and self.stride == (2, 2):
            taps = self.weight[:, :, 1:, 1:]
            return F.linear(x.permute(0, 2, 3, 1).flatten(1), taps.permute(0, 2, 3, 1).flatten(1))[
                :, :, None, None
            ]
        return super().forward(x)


def skip_padding(tower: nn.Module) -> nn.Module:
    """Let every 3x3 convolution of a tower be a SmallConv, in place."""
    for module in tower.modules():
        if (
            type(module) is nn.Conv2d
            and module.kernel_size == (3, 3)
            and module.groups == 1
            and module.bias is None
        ):
            module.__class__ = SmallConv
    return tower


@torch.no_grad()
def silence_unused(tower: nn.Module, side: int) -> None:
    """Set to zero the taps that meet nothing but padding at this side, in place.

    They learn nothing there: a later stage of larger pictures, which reaches them, then goes on
    from what this one has learned instead of from noise.
    """

    def silence(conv: SmallConv, inputs: tuple[Tensor], output: Tensor) -> None:
        width, steps = inputs[0].shape[-1], range(output.shape[-1])
        for tap in range(3):
            if not any(0 <= step * conv.stride[0] + tap - 1 < width for step in steps):
                conv.weight[:, :, tap] = conv.weight[:, :, :, tap] = 0

    convolutions = [module for module in tower.modules() if isinstance(module, SmallConv)]
    hooks = [module.register_forward_hook(silence) for module in convolutions]
    tower.eval()(torch.zeros(1, 3, side, side))
    tower.train()
    for hook in hooks:
        hook.remove()


class Prototypes(nn.Module):
    """A unit vector per caption: a linear map of its sentence embedding plus a vector of its own.

    The map carries meaning over to words without icons; the own vector says what the embedding does
    not know.
    """

    def __init__(self, embeddings: Tensor, own: int, dim: int) -> None:
        super().__init__()
        self.register_buffer("embeddings", embeddings)
        self.register_buffer("mean", embeddings[:own].mean(0))
        self.map = nn.Linear(embeddings.shape[1], dim)
        nn.init.orthogonal_(self.map.weight)  # so that prototypes start as far apart as their words
        self.own = nn.Parameter(torch.zeros(own, dim))
        self.scale = nn.Parameter(torch.tensor(2.7))  # log of the temperature's inverse

    def forward(self, drop: float = 0.0) -> Tensor:
        """(own, dim): the captions that are trained. A share goes without its own vector, as unseen
        words do."""
        mapped = self.map(self.embeddings[: len(self.own)] - self.mean)
        keep = torch.rand(len(self.own), 1, device=mapped.device) >= drop
        return F.normalize(mapped + self.own * keep, dim=-1)

    def unseen(self, embeddings: Tensor) -> Tensor:
        """Vectors of captions without icons."""
        return F.normalize(self.map(embeddings - self.mean), dim=-1)
