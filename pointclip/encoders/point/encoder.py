"""A frozen 3D encoder: clouds and sentences in, features out."""

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from pointclip.catalog.backbones import reads_points, resolve_backbone
from pointclip.catalog.point_backbones import points_read
from pointclip.core.errors import UserError
from pointclip.core.job import pick_device
from pointclip.encoders.hub import locate_weights
from pointclip.encoders.point.input import check_clouds, prepare_clouds
from pointclip.encoders.point.networks import Network, load_network
from pointclip.encoders.text_tower import TextFeatures, TextTower, load_text_tower
from pointclip.encoders.weights import sha256


# CLIP's own, for files that say none.
LOGIT_SCALE = 100.0


class PointEncoder:
    """A 3D encoder and the text tower that it was trained with, which is loaded when it is needed.

    Attributes:
        name: the entry's id.
        dim: number of channels of a feature.
        logit_scale: the factor of the cosine: that of the weights file, or else 100.
        prompts: id of the prompt set that suits this backbone.
        weights_sha256: the checksum of the file that the network's weights come from.
        batch: clouds that are encoded at a time.
    """

    def __init__(
        self,
        network: Network,
        logit_scale: float | None,
        load_texts: Callable[[], TextTower | TextFeatures],
        entry: Mapping[str, Any],
        device: torch.device,
        weights_sha256: str,
    ):
        self.name: str = entry["name"]
        self.prompts: str = entry["prompts"]
        self.logit_scale: float = logit_scale or LOGIT_SCALE
        self.dim: int = network.dim
        self.weights_sha256 = weights_sha256
        self.device = device
        self.batch: int = entry["batch"] or (16 if device.type == "cuda" else 4)
        self._entry = entry
        self._network = network.to(device)
        self._load_texts = load_texts

    @property
    def attrs(self) -> dict[str, Any]:
        """What a file of features says of its encoder."""
        return {
            "backbone": self.name,
            "logit_scale": self.logit_scale,
            "weights_sha256": self.weights_sha256,
            "dtype": "float32",
            "device": self.device.type,
        }

    @property
    def most_points(self) -> int:
        """Of larger clouds so many points are read."""
        return int(self._entry["points"])

    def points_read(self, given: int) -> int:
        """How many points of a cloud of `given` points the network reads."""
        return points_read(self._entry, given)

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
                entry["up"] == "z_exchanged",
            )
            features.append(self._network(*(c.to(self.device) for c in clouds)).cpu())
        return torch.cat(features)

    def encode_texts(self, sentences: list[str]) -> Float[Tensor, "sentence channel"]:
        """Features of sentences: float32, on the CPU, not normalised.

        Raises:
            UserError: if the text tower is missing, or is not the one of this network.
        """
        return self._texts.encode_texts(sentences)

    @cached_property
    def _texts(self) -> TextTower | TextFeatures:
        texts = self._load_texts()
        if texts.dim != self.dim:
            raise UserError(
                f"Features of '{self.name}' have {self.dim} channels, those of its text tower "
                f"'{self._entry['text_features'] or self._entry['text']}' have {texts.dim}: set "
                "'text' to the backbone that it was trained with."
            )
        return texts


def load_point_encoder(
    backbone: str | Mapping[str, Any],
    device: str | torch.device = "auto",
    weights_dir: str | Path | None = None,
    weights: str | Path | None = None,
    text: str | Mapping[str, Any] | None = None,
    text_weights: str | Path | None = None,
) -> PointEncoder:
    """Load a built-in 3D encoder by name, or one described by an entry of the config.

    Args:
        weights_dir: where weights are looked for (see `find_weights`), and fetched to from the hub
            if they are not there.
        weights: a checkpoint, or a manifest `weights.json`, to load in place of a search.
        text: the 2D backbone whose text tower is used, an id or an entry; None is the entry's own.
        text_weights: as `weights`, for that.

    Raises:
        UserError: if the weights are missing and cannot be fetched, or are not this network's.
    """
    entry = resolve_backbone(backbone)
    if not reads_points(entry):
        raise UserError(f"The backbone '{entry['name']}' reads depth maps, not points.")
    picked = pick_device(str(device))
    path = locate_weights(entry, weights_dir, weights)
    network, scale = load_network(entry["network"], path)

    def load_texts() -> TextTower | TextFeatures:
        if entry["text_features"]:
            return TextFeatures(entry["text_features"])
        tower = text or entry["text"]
        if not tower:
            raise UserError(
                f"The backbone '{entry['name']}' has no text tower: set 'text' to a backbone, or "
                "'text_features' to a file."
            )
        return load_text_tower(resolve_backbone(tower), picked, weights_dir, text_weights)

    return PointEncoder(network, scale, load_texts, entry, picked, sha256(path))
