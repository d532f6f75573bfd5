"""Fewer channels for the diffusion model's layers, and one map of them all (FreeReg).

Cells of a layer are brought to unit length and projected on the main axes of a set of cells: those
of the two frames of a pair, as released, or those of many frames, fitted once. The release's axes
make a frame's features change with its partner; shared axes let a frame be reduced once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float
from scipy.linalg import eigh
from torch import Tensor

from pointclip.core.errors import UserError


DIMENSIONS = 128  # of the release, per layer
Layers = Mapping[int, Float[Tensor, "_ _ _"]]


@dataclass(frozen=True)
class Axes:
    """Where the cells of a layer lie and along which axes they differ most, first ones first."""

    mean: Float[Tensor, " channel"]
    directions: Float[Tensor, "channel dimension"]

    def project(
        self, layer: Float[Tensor, "channel row column"]
    ) -> Float[Tensor, "dimension row column"]:
        """A layer along the axes: float32, cells not brought to unit length again."""
        reduced = (_unit_cells(layer) - self.mean) @ self.directions
        return rearrange(
            reduced.float(), "(row column) dimension -> dimension row column", row=layer.shape[1]
        )


class Moments:
    """Sums over the cells of one layer, from which its axes are found; as many frames as needed."""

    def __init__(self, channels: int) -> None:
        self.count = 0
        self.sum = torch.zeros(channels, dtype=torch.float64)
        self.products = torch.zeros(channels, channels, dtype=torch.float64)

    def add(self, layer: Float[Tensor, "channel row column"]) -> None:
        cells = _unit_cells(layer)
        self.count += len(cells)
        self.sum += cells.sum(0)
        self.products += cells.T @ cells

    def axes(self, dimensions: int) -> Axes:
        """The main axes by eigen-decomposition of the covariance.

        An axis has two directions: that along which its largest entry is positive is taken.

        Raises:
            UserError: if there are fewer channels than dimensions.
        """
        channels = len(self.sum)
        if not 0 < dimensions <= channels:
            raise UserError(
                f"A layer of {channels} channels cannot be reduced to {dimensions} dimensions: "
                f"choose 1-{channels}."
            )
        mean = self.sum / self.count
        covariance = self.products / self.count - torch.outer(mean, mean)
        wanted = (channels - dimensions, channels - 1)
        _, vectors = eigh(covariance.numpy(), subset_by_index=wanted)
        vectors = vectors[:, ::-1]
        largest = np.abs(vectors).argmax(axis=0)
        signs = np.sign(vectors[largest, np.arange(dimensions)])
        return Axes(mean, torch.from_numpy(vectors * signs))


def axes_of(frames: Sequence[Layers], dimensions: int = DIMENSIONS) -> dict[int, Axes]:
    """The axes of each layer over some frames: the two of a pair, as released, or a set's.

    Raises:
        UserError: if a layer has fewer channels than dimensions.
    """
    axes = {}
    for layer, values in frames[0].items():
        moments = Moments(len(values))
        for frame in frames:
            moments.add(frame[layer])
        axes[layer] = moments.axes(dimensions)
    return axes


def join_layers(
    layers: Sequence[Float[Tensor, "_ _ _"]],
) -> Float[Tensor, "channel row column"]:
    """Reduced layers side by side, each resized bilinearly to the size of the largest."""
    size = max((layer.shape[1:] for layer in layers), key=lambda size: size[0] * size[1])
    resized = [
        F.interpolate(layer[None], size, mode="bilinear", align_corners=False)[0]
        for layer in layers
    ]
    return torch.cat(resized)


def _unit_cells(layer: Float[Tensor, "channel row column"]) -> Float[Tensor, "cell channel"]:
    cells = rearrange(layer.double(), "channel row column -> (row column) channel")
    return F.normalize(cells, dim=1)
