"""From matches to a pose, by the solver that an entry names."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from pointclip.core.errors import UserError, choose
from pointclip.core.extras import require
from pointclip.registration.camera import transform
from pointclip.registration.pose import kabsch, kiss, pnp
from pointclip.registration.side import Side


METHODS = ("kabsch", "ransac", "poselib", "opencv", "kiss")
# A match counts as an inlier of a pose from points within so many times the solver's distance.
INLIER = 2.0
# Method -> the module that it needs on top of a base install, and the extra that brings it.
LIBRARIES = {"opencv": ("cv2", "registration"), "kiss": ("kiss_matcher", "kiss")}


def check_library(entry: Mapping[str, Any]) -> None:
    """That the library of a solver is installed, before any pair is solved.

    Raises:
        UserError: if it is not: with what to install.
    """
    module, extra = LIBRARIES.get(entry["method"], ("", ""))
    if module:
        require(module, extra, f"The method '{entry['method']}'")


@dataclass(frozen=True)
class Solution:
    """A pose that takes points of the query's camera to the target's, or None; and its inliers."""

    pose: Float[np.ndarray, "4 4"] | None
    inliers: Bool[np.ndarray, " match"]


def solve(
    query: Side,
    target: Side,
    matches: Int[np.ndarray, "match 2"],
    entry: Mapping[str, Any],
    unit: float = 1.0,
    seed: int = 0,
) -> Solution:
    """Solve for the pose. Deterministic for a seed.

    Too few matches, or none that agree, give a solution without a pose.

    Args:
        matches: (key-point of the query, key-point of the target).
        entry: of `catalog/registration.py`'s SOLVERS or the config.
        unit: multiplies the lengths of the entry.

    Raises:
        UserError: if there is no such method, its library is missing, or it needs a depth map of
            the query and there is none.
    """
    method = choose(entry["method"], METHODS, "method of a solver")
    goal = target.keypoints.points[matches[:, 1]]
    if method in ("poselib", "opencv"):
        return _from_pixels(query, matches, goal, entry)
    if query.surface is None:
        raise UserError(
            f"The method '{method}' needs a depth map of the query: give one, or solve by pnp."
        )
    source = query.keypoints.points[matches[:, 0]]
    known = np.isfinite(source).all(axis=1) & np.isfinite(goal).all(axis=1)
    a, b, rng = source[known], goal[known], np.random.default_rng(seed)
    if method == "kiss":
        pose = kiss.solve(a, b, entry["distance"] * unit)
    elif method == "ransac":
        pose = kabsch.ransac(a, b, entry, unit, rng)
    else:
        pose = kabsch.verified(query, target, a, b, entry, unit, rng)
    if pose is None or not np.isfinite(pose).all():
        return Solution(None, np.zeros(len(matches), dtype=bool))
    apart = np.linalg.norm(transform(pose, source) - goal, axis=1)
    return Solution(pose, known & (apart < INLIER * entry["distance"] * unit))


def _from_pixels(
    query: Side,
    matches: Int[np.ndarray, "match 2"],
    goal: Float[np.ndarray, "match 3"],
    entry: Mapping[str, Any],
) -> Solution:
    pixels = query.keypoints.uv[matches[:, 0]].astype(float)
    known, inliers = np.isfinite(goal).all(axis=1), np.zeros(len(matches), dtype=bool)
    solver = pnp.poselib if entry["method"] == "poselib" else pnp.opencv
    found = solver(pixels[known], goal[known], query.keypoints.camera, entry["pixels"])
    if found is None:
        return Solution(None, inliers)
    inliers[known] = found[1]
    return Solution(found[0], inliers)
