"""One pair from start to end: describe both sides, match, solve. What the DAG does in stages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from pointclip.registration.describe import Describer
from pointclip.registration.keypoints import Keypoints
from pointclip.registration.match import fuse, match
from pointclip.registration.pose.solve import Solution, solve
from pointclip.registration.side import Seen, Side, surface_of
from pointclip.registration.verify import worth


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


def best_of(found: Sequence[Registered], unit: float = 1.0) -> int:
    """Which of several virtual cameras of one cloud explains the query best.

    By `verify.worth` where both sides have depth, else by the number of inliers.
    """

    def merit(one: Registered) -> float:
        pose = one.solution.pose
        if pose is None:
            return -np.inf
        if one.query.surface is None or one.target.surface is None:
            return float(one.solution.inliers.sum())
        return float(worth(pose[None, :3], one.query, one.target, unit)[0])

    return int(np.argmax([merit(one) for one in found]))


def pose_in_cloud(found: Registered) -> Float[np.ndarray, "4 4"] | None:
    """Where the query's camera is in the cloud's frame."""
    pose = found.solution.pose
    return None if pose is None else found.target.keypoints.camera.pose @ pose
