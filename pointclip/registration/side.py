"""One side of a pair: what its camera sees, and what matching and solving need of it."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float32, UInt8

from pointclip.registration.align import Surface, make_surface, scaled
from pointclip.registration.camera import Camera
from pointclip.registration.keypoints import Keypoints


# Sampled for alignment: one point a voxel of so many metres, and at most so many.
SURFACE_VOXEL, SURFACE_POINTS = 0.05, 1500


@dataclass(frozen=True)
class Seen:
    """What a camera sees: a photo, a depth map, or both, pixel by pixel.

    Attributes:
        color: 8-bit RGB, or None.
        depth: filled, in metres, 0 where there is none; or None.
        valid_depth: depths in use lie strictly between these, in metres.
        edge_limit: metres within a small window from which on pixels count as an edge.
        unit: multiplies the lengths of features and solvers (rooms: 1).
    """

    camera: Camera
    color: UInt8[np.ndarray, "height width 3"] | None
    depth: Float32[np.ndarray, "height width"] | None
    valid_depth: tuple[float, float] = (0.01, 10.0)
    edge_limit: float = 0.2
    unit: float = 1.0


@dataclass(frozen=True)
class Side:
    """One side of a pair after `describe`.

    Attributes:
        valid: key-points with a feature, which take part in matching.
        surface: None where there is no depth map.
    """

    keypoints: Keypoints
    features: Float32[np.ndarray, "keypoint channel"]
    valid: Bool[np.ndarray, " keypoint"]
    surface: Surface | None

    def scaled(self, scale: float) -> "Side":
        """The side with all depths multiplied, as a network's depth may need."""
        points = replace(self.keypoints, points=self.keypoints.points * scale)
        surface = None if self.surface is None else scaled(self.surface, scale)
        return replace(self, keypoints=points, surface=surface)


def surface_of(seen: Seen) -> Surface | None:
    """The points of a side that are aligned and verified; None without a depth map."""
    if seen.depth is None:
        return None
    return make_surface(
        seen.depth,
        seen.camera,
        *seen.valid_depth,
        seen.edge_limit,
        SURFACE_VOXEL * seen.unit,
        SURFACE_POINTS,
    )
