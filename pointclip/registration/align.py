"""Align two depth maps by projection: each point meets the surface at the pixel where it lands.

A variant of ICP (Chen and Medioni, 1992; projective association as in KinectFusion, 2011) without
any search tree, and many poses at once: all hypotheses are refined together, in both directions.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32

from pointclip.registration.camera import Camera
from pointclip.registration.depth_map import points_of, valid_pixels
from pointclip.registration.projective import accumulate
from pointclip.registration.surface import estimate_normals, normal_weights, thin


# Below how many partners a pose stays as it is.
FEWEST = 30


@dataclass(frozen=True)
class Surface:
    """What is aligned of one side: its depth map, and a sample of its points.

    Attributes:
        points: in the camera's frame, in random order, so that the first n are a fair sample.
        weights: mean 1; less for a point whose normal many others share, such as on a wall.
        depth: filled; 0 where there is none.
    """

    points: Float[np.ndarray, "point 3"]
    normals: Float[np.ndarray, "point 3"]
    weights: Float[np.ndarray, " point"]
    depth: Float32[np.ndarray, "height width"]
    camera: Camera


def make_surface(
    depth: Float32[np.ndarray, "height width"],
    camera: Camera,
    nearest: float,
    farthest: float,
    edge_limit: float,
    voxel: float,
    most: int,
    seed: int = 0,
) -> Surface:
    """Sample a filled depth map: one point a voxel of `voxel` metres, `most` at most."""
    valid = valid_pixels(depth, nearest, farthest, edge_limit)
    thinned = thin(points_of(depth, camera, valid), voxel)
    chosen = np.random.default_rng(seed).permutation(len(thinned))[:most]
    points = thinned[chosen]
    normals = estimate_normals(points, thinned, 2 * voxel, 30)
    in_range = np.where(valid_pixels(depth, nearest, farthest), depth, 0).astype(np.float32)
    return Surface(points, normals, normal_weights(normals), in_range, camera)


def scaled(surface: Surface, scale: float) -> Surface:
    """The surface with all lengths multiplied, as monocular depth may need."""
    depth = (surface.depth * scale).astype(np.float32)
    return Surface(surface.points * scale, surface.normals, surface.weights, depth, surface.camera)


def align(
    poses: Float[np.ndarray, "pose 3 4"],
    query: Surface,
    target: Surface,
    schedule: Sequence[tuple[float, int]],
    sample: int,
) -> Float[np.ndarray, "pose 3 4"]:
    """Refine rigid motions from the query's camera frame to the target's.

    Gauss-Newton on distances to planes, over points of both sides, partners weighted by
    (1 - (d / limit)^2)^2.

    Args:
        schedule: pairs of a limit in metres and a number of steps.
        sample: points of each side that take part.
    """
    poses = np.ascontiguousarray(poses, dtype=float).copy()
    sides = [
        (np.ascontiguousarray(s.points[:sample]), np.ascontiguousarray(s.normals[:sample]))
        for s in (query, target)
    ]
    for limit, steps in schedule:
        for _ in range(steps):
            hessian = np.zeros((len(poses), 6, 6))
            gradient, partners = np.zeros((len(poses), 6)), np.zeros(len(poses))
            for backward, (side, other) in enumerate(((0, target), (1, query))):
                intrinsics = np.array(other.camera.intrinsics)
                accumulate(
                    *sides[side], poses, other.depth, intrinsics, limit, bool(backward),
                    hessian, gradient, partners,
                )  # fmt: skip
            moving = np.flatnonzero(partners >= FEWEST)
            if not len(moving):
                return poses
            damping = 1e-6 * np.trace(hessian[moving], axis1=1, axis2=2)
            hessian[moving] += damping[:, None, None] * np.eye(6) + 1e-12 * np.eye(6)
            step = np.linalg.solve(hessian[moving], gradient[moving][..., None])[..., 0]
            poses[moving] = _motions(step) @ np.concatenate(
                [poses[moving], np.broadcast_to([0, 0, 0, 1.0], (len(moving), 1, 4))], axis=1
            )
            if np.abs(step).max() < 1e-5:
                break
    return poses


def _motions(twist: Float[np.ndarray, "pose 6"]) -> Float[np.ndarray, "pose 3 4"]:
    """Rotations by the vectors of the first three numbers (Rodrigues), then the translations."""
    angle = np.linalg.norm(twist[:, :3], axis=1)
    x, y, z = (twist[:, :3] / np.maximum(angle, 1e-12)[:, None]).T
    zero = np.zeros_like(x)
    cross = np.array([[zero, -z, y], [z, zero, -x], [-y, x, zero]]).transpose(2, 0, 1)
    sine, cosine = np.sin(angle)[:, None, None], np.cos(angle)[:, None, None]
    rotation = np.eye(3) + sine * cross + (1 - cosine) * cross @ cross
    return np.concatenate([rotation, twist[:, 3:, None]], axis=2)
