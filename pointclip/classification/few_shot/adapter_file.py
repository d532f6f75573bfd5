"""An adapter file read back: what the workflow or `pointclip train` learned, ready for use."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from pointclip.classification.adapters import METHODS, State
from pointclip.core.errors import UserError, choose
from pointclip.core.store import read_tensors
from pointclip.encoders.encoder import Encoder
from pointclip.projection.projection import Projection


# What a file says of its making.
ABOUT = {"method": str, "seeds": list, "classes": list, "views": int, "logit_scale": int | float}


@dataclass(frozen=True)
class Adapter:
    """One seed of an adapter file.

    Attributes:
        state: what was learned; every tensor leads with a seed axis of one.
        prototypes: the text features that it works with.
        trained_with: projection, backbone and prompts, as far as the file says.
    """

    file: Path
    method: str
    classes: list[str]
    views: int
    logit_scale: float
    state: State
    prototypes: Float[Tensor, "class channel"]
    trained_with: dict[str, Any]

    def __call__(
        self, features: Float[Tensor, "cloud view channel"]
    ) -> Float[Tensor, "cloud class"]:
        """Logits of all views together."""
        module = METHODS[self.method]
        try:
            return module.logits(self.state, features, self.prototypes, self.logit_scale)[0]
        except (KeyError, RuntimeError) as error:
            raise UserError(
                f"The adapter {self.file} does not hold what {self.method} needs ({error}): "
                "it is damaged, or was made by another version; train it again."
            ) from error

    def check(self, projection: Projection, encoder: Encoder) -> None:
        """Say in one sentence why the adapter does not fit what it is to be used with.

        Raises:
            UserError: if views or channels are not as many as in training, or tensors are missing.
        """
        if projection.views != self.views:
            raise UserError(
                f"The adapter {self.file} was trained with {self.views} views; the projection "
                f"'{projection.name}' has {projection.views}."
            )
        channels = self.prototypes.shape[-1]
        if encoder.dim != channels:
            raise UserError(
                f"The adapter {self.file} was trained with {channels} channels; the backbone "
                f"'{encoder.name}' has {encoder.dim}."
            )
        self(torch.zeros(1, self.views, channels))


def read_adapter(path: str | Path, seed: int | None = None) -> Adapter:
    """Read one seed of an adapter file; None takes the first.

    Raises:
        UserError: if it is no adapter, or holds no such seed.
    """
    tensors, about = read_tensors(path)
    if not isinstance(about, dict) or any(
        not isinstance(about.get(name), kind) for name, kind in ABOUT.items()
    ):
        raise UserError(f"{path} is not an adapter of pointclip: it does not say what it is.")
    seeds = about["seeds"]
    if not seeds:
        raise UserError(f"{path} holds no adapter: its protocol does not exist for that data set.")
    if seed is None:
        seed = seeds[0]
    elif seed not in seeds:
        raise UserError(f"{path} has no seed {seed}: choose one of {', '.join(map(str, seeds))}.")
    prototypes = tensors.pop("prototypes", torch.empty(0, 0)).float()
    row = seeds.index(seed)
    return Adapter(
        file=Path(path),
        method=choose(about["method"], METHODS, f"method in {path}"),
        classes=list(about["classes"]),
        views=about["views"],
        logit_scale=float(about["logit_scale"]),
        state={name: tensor[row : row + 1] for name, tensor in tensors.items()},
        prototypes=prototypes,
        trained_with={k: about[k] for k in ("projection", "backbone", "prompts") if k in about},
    )
