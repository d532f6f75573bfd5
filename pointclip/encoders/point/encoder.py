"""A frozen 3D encoder: clouds and sentences in, features out."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from pointclip.core.errors import UserError
from pointclip.encoders.point.input import check_clouds, prepare_clouds
from pointclip.encoders.point.networks import Network


class PointEncoder:
    """A 3D encoder and the text tower that it was trained against.

    Attributes:
        name: the entry's id.
        dim: number of channels of a feature.
        logit_scale: the factor of the cosine: that of the weights file, or else the text tower's.
        prompts: id of the prompt set that suits this backbone.
        batch: clouds that are encoded at a time.
    """

    def __init__(
        self,
        network: Network,
        logit_scale: float | None,
        texts: Any,
        entry: Mapping[str, Any],
        device: torch.device,
    ):
        self.name: str = entry["name"]
        self.prompts: str = entry["prompts"]
        self.device = device
        self._entry = entry
        self._network = network.to(device)
        self._texts = texts
        self.dim: int = network.dim
        if texts.dim != self.dim:
            raise UserError(
                f"Features of '{self.name}' have {self.dim} channels, those of its text tower "
                f"'{entry['text']}' {texts.dim}: set 'text' to the tower that it was trained with."
            )
        self.logit_scale: float = logit_scale or texts.logit_scale
        self.batch = 16 if device.type == "cuda" else 4

    @torch.inference_mode()
    def encode_points(
        self,
        points: Float[np.ndarray, "shape point 3"],
        colors: Float[np.ndarray, "coloured color 3"] | None = None,
    ) -> Float[Tensor, "shape channel"]:
        """Features of clouds, y up: float32, on the CPU, as they come from the network.

        Args:
            colors: in 0..1; None for clouds without colour, which become grey.

        Raises:
            UserError: if a cloud has too few points, no extent, or numbers out of range.
        """
        entry = self._entry
        check_clouds(points, colors, self._network.fewest_points, self.name)
        features = [torch.empty(0, self.dim)]
        for start in range(0, len(points), self.batch):
            part = slice(start, start + self.batch)
            clouds = prepare_clouds(
                points[part],
                None if colors is None else colors[part],
                entry["points"],
                entry["repeat"],
                entry["z_up"],
            )
            features.append(self._network(*(c.to(self.device) for c in clouds)).cpu())
        return torch.cat(features)

    def encode_texts(self, sentences: list[str]) -> Float[Tensor, "sentence channel"]:
        """Features of sentences: float32, on the CPU, not normalised."""
        return self._texts.encode_texts(sentences)
