"""How far a pose explains both depth maps and all features, not only the matches it came from.

Few matches of a hard pair are right, and some wrong pose often explains as many. So each refined
pose is judged by what it says about the whole scene: points must land on the other side's surface,
not before it (where the other camera looked through), and key-points that meet must look alike.
"""

import numpy as np
from jaxtyping import Float, Float32

from pointclip.core.jit import compiled
from pointclip.registration.align import NEAREST, Surface
from pointclip.registration.keypoints import LOOKUP_CELL
from pointclip.registration.match import squared_distances
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
        _agree(
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
        _meet(
            points, others, side.features, other.features, about[backward], about[1 - backward],
            poses, other.keypoints.nearest, LOOKUP_CELL,
            np.array(other.keypoints.camera.intrinsics), MEETING * unit, bool(backward), sums,
        )  # fmt: skip
        total += sums / max(len(side.valid), 1)
    return total


@compiled
def _meet(
    points, others, features, other_features, about, about_other, poses, lookup, cell, intrinsics,
    limit, backward, sums,
):  # fmt: skip
    height, width = lookup.shape
    fx, fy, cx, cy = intrinsics
    for k in range(len(poses)):
        p = poses[k]
        for n in range(len(points)):
            x, y, z = points[n, 0], points[n, 1], points[n, 2]
            if not z > 0:
                continue
            if backward:
                dx, dy, dz = x - p[0, 3], y - p[1, 3], z - p[2, 3]
                a = p[0, 0] * dx + p[1, 0] * dy + p[2, 0] * dz
                b = p[0, 1] * dx + p[1, 1] * dy + p[2, 1] * dz
                c = p[0, 2] * dx + p[1, 2] * dy + p[2, 2] * dz
            else:
                a = p[0, 0] * x + p[0, 1] * y + p[0, 2] * z + p[0, 3]
                b = p[1, 0] * x + p[1, 1] * y + p[1, 2] * z + p[1, 3]
                c = p[2, 0] * x + p[2, 1] * y + p[2, 2] * z + p[2, 3]
            if c < NEAREST:
                continue
            u = (a / c * fx + cx + 0.5) / cell
            v = (b / c * fy + cy + 0.5) / cell
            if not (u >= 0.0 and v >= 0.0 and u < width and v < height):
                continue
            m = lookup[int(v), int(u)]
            if m < 0 or not others[m, 2] > 0:
                continue
            apart = (a - others[m, 0]) ** 2 + (b - others[m, 1]) ** 2 + (c - others[m, 2]) ** 2
            if apart < limit * limit:
                away = 0.0
                for i in range(features.shape[1]):
                    away += (features[n, i] - other_features[m, i]) ** 2
                away = np.sqrt(away)
                one = (about[n, 0] - away) / about[n, 1]
                other = (about_other[m, 0] - away) / about_other[m, 1]
                sums[k] += 0.5 * (one + other)


@compiled
def _agree(points, weights, poses, depth, intrinsics, limit, reference, backward, counts):
    height, width = depth.shape
    fx, fy, cx, cy = intrinsics
    for k in range(len(poses)):
        p = poses[k]
        for n in range(len(points)):
            x, y, z = points[n, 0], points[n, 1], points[n, 2]
            if backward:
                dx, dy, dz = x - p[0, 3], y - p[1, 3], z - p[2, 3]
                a = p[0, 0] * dx + p[1, 0] * dy + p[2, 0] * dz
                b = p[0, 1] * dx + p[1, 1] * dy + p[2, 1] * dz
                c = p[0, 2] * dx + p[1, 2] * dy + p[2, 2] * dz
            else:
                a = p[0, 0] * x + p[0, 1] * y + p[0, 2] * z + p[0, 3]
                b = p[1, 0] * x + p[1, 1] * y + p[1, 2] * z + p[1, 3]
                c = p[2, 0] * x + p[2, 1] * y + p[2, 2] * z + p[2, 3]
            if c < NEAREST:
                continue
            u = a / c * fx + cx + 0.5
            v = b / c * fy + cy + 0.5
            if not (u >= 0.0 and v >= 0.0 and u < width and v < height):
                continue
            d = depth[int(v), int(u)]
            if not d > 0:
                continue
            apart = (c - d) / (limit * max(1.0, c / reference))
            if apart * apart < 1:
                counts[k, 0] += weights[n] * (1 - apart * apart)
            elif apart < 0:
                counts[k, 1] += weights[n]
            else:
                counts[k, 2] += weights[n]
