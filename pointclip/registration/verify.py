"""How far a pose explains both depth maps and all features, not only the matches it came from.

Few matches of a hard pair are right, and some wrong pose often explains as many. So each refined
pose is judged by what it says about the whole scene: points must land on the other side's surface,
not before it (where the other camera looked through), and key-points that meet must look alike.
"""

import numpy as np
from jaxtyping import Float, Float32

from pointclip.registration.align import Surface
from pointclip.registration.keypoints import LOOKUP_CELL
from pointclip.registration.match import squared_distances
from pointclip.registration.projective import agree, meet
from pointclip.registration.side import Side


# Chosen on the HoloLens and slambook2 frames (see CARD.md of the frames): what a point before the
# surface costs, one behind it, and the worth of a key-point that looks alike.
BEFORE, BEHIND, ALIKE = 1.0, 0.3, 1.4
# Metres within which a point is on the surface, and within which two key-points meet. Sensors grow
# noisier with distance: beyond `REFERENCE_RANGE` metres the first grows in proportion.
ON_SURFACE, MEETING, REFERENCE_RANGE = 0.2, 0.2, 2.5
# Features of the other side by which a mean distance is estimated.
SAMPLE = 256


def worth(
    poses: Float[np.ndarray, "pose 3 4"], query: Side, target: Side, unit: float = 1.0
) -> Float[np.ndarray, " pose"]:
    """How well each pose explains both sides; higher is better, and 0 is no better than nothing."""
    assert query.surface is not None and target.surface is not None
    same_surface = agreement(poses, query.surface, target.surface, unit)
    return same_surface + ALIKE * likeness(poses, query, target, unit)


def agreement(
    poses: Float[np.ndarray, "pose 3 4"], query: Surface, target: Surface, unit: float = 1.0
) -> Float[np.ndarray, " pose"]:
    """Share of both sides' points on the other's surface, less those before and behind it.

    Points that land outside the other image, or where it has no depth, count nothing.
    """
    total = np.zeros(len(poses))
    for backward, (side, other) in enumerate(((query, target), (target, query))):
        counts = np.zeros((len(poses), 3))
        intrinsics = np.array(other.camera.intrinsics)
        limits = (ON_SURFACE * unit, REFERENCE_RANGE * unit)
        agree(
            side.points, side.weights, poses, other.depth, intrinsics, *limits, bool(backward),
            counts,
        )  # fmt: skip
        on, before, behind = counts.T / max(len(side.points), 1)
        total += on - BEFORE * before - BEHIND * behind
    return total


def _mean_and_spread(one: Side, other: Side) -> Float32[np.ndarray, "keypoint 2"]:
    """Of the distances of each key-point's feature to a fixed sample of the other side's."""
    valid = np.flatnonzero(other.valid)
    sample = other.features[valid[:: max(len(valid) // SAMPLE, 1)]]
    if not len(sample):
        return np.ones((len(one.features), 2), np.float32)
    squared = np.maximum(squared_distances(one.features, sample), 0)
    mean = np.sqrt(squared).mean(axis=1)
    spread = np.sqrt(np.maximum(squared.mean(axis=1) - mean**2, 0)) + 1e-6
    return np.stack([mean, spread], axis=-1).astype(np.float32)


def likeness(
    poses: Float[np.ndarray, "pose 3 4"], query: Side, target: Side, unit: float = 1.0
) -> Float[np.ndarray, " pose"]:
    """How alike the key-points are that a pose brings together, summed over both ways.

    A key-point meets the one that is nearest, in the other image, to where it lands, if their
    points are close too. Two are alike by how many standard deviations their features are nearer
    than the mean to all features of the other side; a key-point of a plain wall is as near to all
    others of the wall, and tells nothing. Divided by the number of key-points.
    """
    total = np.zeros(len(poses))
    about = _mean_and_spread(query, target), _mean_and_spread(target, query)
    for backward, (side, other) in enumerate(((query, target), (target, query))):
        sums = np.zeros(len(poses))
        points = np.where(side.valid[:, None], side.keypoints.points, np.nan)
        others = np.where(other.valid[:, None], other.keypoints.points, np.nan)
        meet(
            points, others, side.features, other.features, about[backward], about[1 - backward],
            poses, other.keypoints.nearest, 1 / LOOKUP_CELL,
            np.array(other.keypoints.camera.intrinsics), MEETING * unit, bool(backward), sums,
        )  # fmt: skip
        total += sums / max(len(side.valid), 1)
    return total
