"""Made shapes, and the projections by how they render."""

import torch

from pointclip.catalog.projections import PROJECTIONS
from pointclip.projection.projection import Projection


NAMES = list(PROJECTIONS)
SURFACES = [name for name in NAMES if PROJECTIONS[name]["method"] == "surface"]


def cloud(points=200, clouds=1, seed=0):
    """Points of a normal distribution, (clouds, points, 3)."""
    return torch.randn(clouds, points, 3, generator=torch.Generator().manual_seed(seed)) * 0.3


def share_that_differs(a, b, by=1e-3):
    """The share of pixels that differ by more than `by`."""
    return ((a - b).abs() > by).float().mean().item()


def same_as_torch(projection: Projection, points: torch.Tensor) -> None:
    """The kernel's images have the bits of torch's; the sums of `contour` another order."""
    tolerance = 2e-6 if projection.params.get("smooth") == "bilateral" else 0
    found, expected = projection(points), projection.render_torch(points)
    torch.testing.assert_close(found, expected, rtol=0, atol=tolerance)
