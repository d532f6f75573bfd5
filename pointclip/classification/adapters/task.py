"""What a few-shot method learns from: shots of many seeds, as rows of shared cached features."""

from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from pointclip.core.errors import UserError


State = dict[str, Tensor]  # what a method has learned; every tensor leads with the seed axis


@dataclass(frozen=True)
class FewShotTask:
    """Features, labels and prototypes of one (data set, projection, prompts, backbone, shots).

    Features are as the encoder gives them, un-normalised. The shapes of `clean` and `bank` are
    the same: all shots of all seeds, each once. No test shape has a place here.
    """

    clean: Float[Tensor, "shape view channel"]
    bank: Float[Tensor, "copy shape view channel"]  # augmented copies
    rows: Int[Tensor, "seed shot"]  # into the shape axis
    labels: Int[Tensor, "seed shot"]
    seeds: list[int]
    prototypes: Float[Tensor, "label channel"]
    logit_scale: float
    validation: Float[Tensor, "held_out view channel"] | None = None
    validation_labels: Int[Tensor, " held_out"] | None = None

    def __post_init__(self) -> None:
        named = {"train": self.clean, "augmented": self.bank, "validation": self.validation}
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
        return self.rows.shape[1]

    def to(self, device: torch.device | str) -> "FewShotTask":
        """The same task with its tensors on `device`."""
        moved: dict[str, Any] = {
            k: v.to(device) for k, v in vars(self).items() if isinstance(v, Tensor)
        }
        return replace(self, **moved)

    def only(self, seeds: list[int]) -> "FewShotTask":
        """The same task for some of its seeds."""
        index = [self.seeds.index(seed) for seed in seeds]
        return replace(self, seeds=seeds, rows=self.rows[index], labels=self.labels[index])
