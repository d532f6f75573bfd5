"""How good matches and a pose are: FreeReg's definitions as released, and ours.

`released` (FREEREG 2.1) counts a pair with fewer than three matches that can be judged as one with
an inlier ratio of 1. `plain` counts it as a failure: no inlier ratio, no success.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from pointclip.core.errors import choose
from pointclip.registration.camera import transform


PROTOCOLS = ("plain", "released")
# FreeReg's thresholds indoors: metres for an inlier, share of inliers that a pair must exceed.
INLIER_DISTANCE, MATCHED_RATIO = 0.3, 0.05
# (degrees, metres): FreeReg's indoors, and two that the identity pose does not pass.
LIMITS = {
    "registration_recall": (20.0, 0.5),
    "registration_recall_10deg_25cm": (10.0, 0.25),
    "registration_recall_5deg_10cm": (5.0, 0.1),
}
FEWEST = 3  # matches that can be judged


@dataclass(frozen=True)
class MatchScore:
    """Of one pair: share and number of inliers, and how many matches could be judged."""

    inlier_ratio: float
    inlier_number: int
    judged: int


def judge_matches(
    query: Float[np.ndarray, "match 3"],
    target: Float[np.ndarray, "match 3"],
    true_pose: Float[np.ndarray, "4 4"],
    protocol: str = "plain",
    distance: float = INLIER_DISTANCE,
) -> MatchScore:
    """Count the matches whose true points lie within `distance` of each other.

    Args:
        query, target: the matched points in each camera's frame by their true depths; not a number
            where a true depth is missing or out of range: such a match is not judged.
        true_pose: takes points of the query's camera to the target's.

    Raises:
        UserError: if there is no such protocol.
    """
    choose(protocol, PROTOCOLS, "protocol")
    inlier, known = true_inliers(query, target, true_pose, distance)
    judged = int(known.sum())
    if judged < FEWEST:
        return MatchScore(1.0, 1, judged) if protocol == "released" else MatchScore(0.0, 0, judged)
    return MatchScore(float(inlier.sum() / judged), int(inlier.sum()), judged)


def true_inliers(
    query: Float[np.ndarray, "match 3"],
    target: Float[np.ndarray, "match 3"],
    true_pose: Float[np.ndarray, "4 4"],
    distance: float = INLIER_DISTANCE,
) -> tuple[Bool[np.ndarray, " match"], Bool[np.ndarray, " match"]]:
    """Which matches are inliers, and which can be judged at all."""
    known = np.isfinite(query).all(axis=1) & np.isfinite(target).all(axis=1)
    apart = np.linalg.norm(transform(true_pose, query) - target, axis=1)
    return known & (apart < distance), known


def rotation_error(estimated: Float[np.ndarray, "4 4"], true: Float[np.ndarray, "4 4"]) -> float:
    """The angle between two rotations in degrees, exact near 0 and near 180 alike."""
    # |A - B| = 2 sqrt(2) sin(angle / 2) loses digits near 180 degrees, where |A + B'| does not:
    # the trace gives the cosine, and both together the angle.
    difference = np.linalg.norm(estimated[:3, :3] - true[:3, :3])
    sine = min(difference / np.sqrt(8), 1.0)
    trace = np.trace(estimated[:3, :3].T @ true[:3, :3])
    cosine = np.sqrt(np.clip((trace + 1) / 4, 0, 1))
    return float(np.degrees(2 * np.arctan2(sine, cosine)))


def translation_error(estimated: Float[np.ndarray, "4 4"], true: Float[np.ndarray, "4 4"]) -> float:
    """The distance between two translations in metres."""
    return float(np.linalg.norm(estimated[:3, 3] - true[:3, 3]))


def success(rotation_deg: float, translation_m: float, limits: tuple[float, float]) -> bool:
    """Whether both errors are below their limits; no pose (NaN) is no success."""
    return bool(rotation_deg < limits[0] and translation_m < limits[1])


def swap_kitti_axes(pose: Float[np.ndarray, "4 4"]) -> Float[np.ndarray, "4 4"]:
    """What the release does to KITTI's true poses before it compares: y and z change places in the
    rotation, and the translation becomes (z, -y, x).

    No change of frame does both, so it is here for comparison with the release only.
    """
    order = [0, 2, 1]
    swapped = np.eye(4)
    swapped[:3, :3] = pose[:3, :3][order][:, order]
    x, y, z = pose[:3, 3]
    swapped[:3, 3] = z, -y, x
    return swapped
