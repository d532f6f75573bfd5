"""What a few-shot method learns from: shots of many seeds, as rows of shared cached features."""

from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float, Int
from torch import Tensor

from pointclip.core.errors import UserError


Features = Float[Tensor, "shape view channel"]
Labels = Int[Tensor, " shape"]
Prototypes = Float[Tensor, "class channel"]
Logits = Float[Tensor, "seed shape class"]
State = dict[str, Tensor]  # what a method has learned; every tensor leads with the seed axis


@dataclass(frozen=True)
class FewShotTask:
    """Features, labels and prototypes of one (data set, projection, prompts, backbone, shots).

    Features are as they are cached: float16, of any length. The shapes of `features` and of
    `augmented` are the same: all shots of all seeds, each once. No test shape has a place here.

    Attributes:
        augmented: features of augmented copies of the shapes.
        shot_index: positions of each seed's shots on the shape axis.
        validation: features of the held-out train shapes, if there are any.
        sentences: unit features of each class's sentences, equally many of every class.
        text_norm: mean length of the text features as the encoder gives them.

    Raises:
        UserError: if a feature is NaN or infinite, or a seed is listed twice.
    """

    features: Features
    augmented: Float[Tensor, "copy shape view channel"]
    shot_index: Int[Tensor, "seed shot"]
    labels: Int[Tensor, "seed shot"]
    seeds: list[int]
    classes: list[str]
    prototypes: Prototypes
    logit_scale: float
    validation: Float[Tensor, "held_out view channel"] | None = None
    validation_labels: Int[Tensor, " held_out"] | None = None
    sentences: Float[Tensor, "class sentence channel"] | None = None
    text_norm: float = 10.0

    def __post_init__(self) -> None:
        named = {
            "train": self.features,
            "augmented": self.augmented,
            "validation": self.validation,
        }
        for name, features in named.items():
            if features is not None and not torch.isfinite(features).all():
                broken = int((~torch.isfinite(features)).sum())
                raise UserError(
                    f"The {name} features hold {broken} values that are NaN or infinite: "
                    "encode them again, in fp32 if the backbone overflows fp16."
                )
        if len(set(self.seeds)) < len(self.seeds):
            raise UserError(f"A seed is listed twice in {self.seeds}: every seed must differ.")

    @property
    def shots(self) -> int:
        """Shots of all classes together, per seed."""
        return self.shot_index.shape[1]

    @property
    def device(self) -> torch.device:
        return self.features.device

    def to(self, device: torch.device | str) -> "FewShotTask":
        """The same task with its tensors on `device`."""
        moved: dict[str, Any] = {
            k: v.to(device) for k, v in vars(self).items() if isinstance(v, Tensor)
        }
        return replace(self, **moved)


def concatenate_views(
    features: Float[Tensor, "*axes view channel"],
) -> Float[Tensor, "*axes feature"]:
    """All views of a shape as one unit vector: its products are the mean cosine over views."""
    unit = F.normalize(features.float(), dim=-1) / features.shape[-2] ** 0.5
    return rearrange(unit, "... view channel -> ... (view channel)")
