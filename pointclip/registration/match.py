"""Match key-points by their features: fuse families, then take mutual nearest neighbours."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.spatial import cKDTree

from pointclip.core.errors import UserError


TINY = 1e-5  # added to a length before the release divides by it


def sample_map(
    features: Float[np.ndarray, "channel row column"],
    uv: Int[np.ndarray, "keypoint 2"],
    width: int,
    height: int,
) -> Float[np.ndarray, "keypoint channel"]:
    """Features at pixels of an image from a coarser map, bilinearly.

    The corners of map and image lie on each other (torch's `align_corners=True`), as released.
    """
    rows, columns = features.shape[1:]
    x = uv[:, 0] * ((columns - 1) / max(width - 1, 1))
    y = uv[:, 1] * ((rows - 1) / max(height - 1, 1))
    left = np.clip(x.astype(int), 0, max(columns - 2, 0))
    above = np.clip(y.astype(int), 0, max(rows - 2, 0))
    right, below = np.minimum(left + 1, columns - 1), np.minimum(above + 1, rows - 1)
    x, y = x - left, y - above
    upper = features[:, above, left] * (1 - x) + features[:, above, right] * x
    lower = features[:, below, left] * (1 - x) + features[:, below, right] * x
    return (upper * (1 - y) + lower * y).T


def transfer(
    points: Float[np.ndarray, "point 3"],
    features: Float[np.ndarray, "point channel"],
    keypoints: Float[np.ndarray, "keypoint 3"],
    radius: float,
) -> Float[np.ndarray, "keypoint channel"]:
    """The feature of the point nearest to each key-point.

    Zeros where that is farther than `radius` metres or the key-point has no depth (NaN).
    """
    result = np.zeros((len(keypoints), features.shape[1]), features.dtype)
    known = np.flatnonzero(np.isfinite(keypoints).all(axis=1))
    if not len(points) or not len(known):
        return result
    distance, index = cKDTree(points).query(keypoints[known])
    near = distance <= radius
    result[known[near]] = features[index[near]]
    return result


def fuse(
    parts: Sequence[Float[np.ndarray, "keypoint _"]], weights: Sequence[float | int]
) -> Float[np.ndarray, "keypoint channel"]:
    """The families' features side by side, each of unit length times its share of the weights.

    Raises:
        UserError: if weights and families are not as many, or no weight is positive.
    """
    if len(parts) != len(weights) or min(weights) < 0 or sum(weights) <= 0:
        raise UserError(
            f"{len(parts)} feature families need as many weights, none negative and not all 0, "
            f"not {list(weights)}."
        )
    total = sum(weights)
    return np.concatenate(
        [
            part / (np.linalg.norm(part, axis=1, keepdims=True) + TINY) * (weight / total)
            for part, weight in zip(parts, weights, strict=True)
        ],
        axis=1,
    )


def mutual_nearest(
    a: Float[np.ndarray, "a channel"], b: Float[np.ndarray, "b channel"]
) -> Int[np.ndarray, "match 2"]:
    """Rows of `a` and `b` that are each other's nearest neighbour (Euclidean), ascending in a.

    Of several at the same distance, the first counts.
    """
    if not len(a) or not len(b):
        return np.empty((0, 2), dtype=np.int64)
    apart = squared_distances(a, b)
    to_b, to_a = apart.argmin(axis=1), apart.argmin(axis=0)
    rows = np.arange(len(a))
    mutual = to_a[to_b] == rows
    return np.stack([rows[mutual], to_b[mutual]], axis=-1)


def squared_distances(
    a: Float[np.ndarray, "a channel"], b: Float[np.ndarray, "b channel"]
) -> Float[np.ndarray, "a b"]:
    """Squared Euclidean distances of all rows of `a` to all rows of `b`."""
    return (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1) - 2 * (a @ b.T)


def match(
    query: Float[np.ndarray, "query channel"],
    target: Float[np.ndarray, "target channel"],
    query_takes_part: Bool[np.ndarray, " query"],
    target_takes_part: Bool[np.ndarray, " target"],
) -> Int[np.ndarray, "match 2"]:
    """Mutual nearest neighbours among the key-points that take part, as (query, target)."""
    q, t = np.flatnonzero(query_takes_part), np.flatnonzero(target_takes_part)
    pairs = mutual_nearest(query[q], target[t])
    return np.stack([q[pairs[:, 0]], t[pairs[:, 1]]], axis=-1)
