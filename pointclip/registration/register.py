"""One pair from start to end: describe both sides, match, solve. What the DAG does in stages."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from pointclip.registration.camera import Camera
from pointclip.registration.describe import Describer
from pointclip.registration.keypoints import Keypoints
from pointclip.registration.match import fuse, match
from pointclip.registration.pose.solve import Solution, solve
from pointclip.registration.side import Seen, Side, surface_of
from pointclip.registration.verify import worth


# From so many of the poses that virtual cameras found the cloud is looked at again.
AGAIN = 4


@dataclass(frozen=True)
class Registered:
    """A pair with its matches and its pose (query's camera to target's camera)."""

    query: Side
    target: Side
    matches: Int[np.ndarray, "match 2"]
    solution: Solution


def describe_side(
    seen: Seen,
    keypoints: Keypoints,
    describers: Sequence[Describer],
    weights: Sequence[float | int],
    is_query: bool,
) -> Side:
    """One side with its features, those of several families fused by weights."""
    parts = [
        family.query(seen, keypoints) if is_query else family.target(seen, keypoints)
        for family in describers
    ]
    return make_side(keypoints, parts, weights, surface_of(seen), is_query)


def make_side(
    keypoints: Keypoints,
    parts: Sequence[np.ndarray],
    weights: Sequence[float | int],
    surface: Any,
    is_query: bool,
) -> Side:
    """One side from the features of its families.

    As released, a target's key-point takes part if its depth is valid, a query's always; ours
    leaves out those whose feature is zero, too: all zeros are alike.
    """
    features = (parts[0] if len(parts) == 1 else fuse(parts, weights)).astype(np.float32)
    valid = np.abs(features).sum(axis=1) > 0
    return Side(keypoints, features, valid if is_query else valid & keypoints.known, surface)


def register_sides(
    query: Side, target: Side, solver: Mapping[str, Any], unit: float = 1.0, seed: int = 0
) -> Registered:
    """Match two sides and solve for the pose."""
    matches = match(query.features, target.features, query.valid, target.valid)
    return Registered(query, target, matches, solve(query, target, matches, solver, unit, seed))


def search(
    query: Side,
    look: Callable[[Camera], Side | None],
    cameras: Sequence[Camera],
    solver: Mapping[str, Any],
    unit: float = 1.0,
    seed: int = 0,
) -> Registered | None:
    """The best of several virtual cameras of one cloud; None if none of them sees it.

    With more than one, the cloud is then rendered from the best few poses found, where a right one
    sees what the photo shows, and registered again: the best of these is returned.

    Args:
        look: what a camera sees of the cloud, described; None if it sees nothing.
    """

    def tried(cameras: Sequence[Camera]) -> list[Registered]:
        sides = [side for camera in cameras if (side := look(camera)) is not None]
        found = [register_sides(query, side, solver, unit, seed) for side in sides]
        return sorted(found, key=lambda one: -merit(one, unit))

    first = tried(cameras)
    if len(cameras) == 1 or not first:
        return first[0] if first else None
    best = [pose for one in first[:AGAIN] if (pose := pose_in_cloud(one)) is not None]
    again = tried([query.keypoints.camera.at(pose) for pose in best])
    return again[0] if again else first[0]


def merit(found: Registered, unit: float = 1.0) -> float:
    """How well a pose explains the query: by `verify.worth` where both sides have depth, else by
    the number of inliers."""
    pose = found.solution.pose
    if pose is None:
        return -np.inf
    if found.query.surface is None or found.target.surface is None:
        return float(found.solution.inliers.sum())
    return float(worth(pose[None, :3], found.query, found.target, unit)[0])


def pose_in_cloud(found: Registered) -> Float[np.ndarray, "4 4"] | None:
    """Where the query's camera is in the cloud's frame."""
    pose = found.solution.pose
    return None if pose is None else found.target.keypoints.camera.pose @ pose
