"""Geometry of a point's surroundings: normals, fast point feature histograms, plain coordinates."""

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial import cKDTree


def neighbours(
    points: Float[np.ndarray, "point 3"], count: int
) -> Int[np.ndarray, "point neighbour"]:
    """The nearest other points of every point; fewer where the cloud has fewer."""
    count = min(count, len(points) - 1)
    found = cKDTree(points).query(points, k=count + 1)[1].reshape(len(points), count + 1)
    # Among points at one place, a point need not be its own nearest.
    own = found == np.arange(len(points))[:, None]
    own[~own.any(1), -1] = True
    return found[~own].reshape(len(points), count)


def normals(points: Float[np.ndarray, "point 3"], count: int = 16) -> Float[np.ndarray, "point 3"]:
    """Unit normals: the direction of least spread of the `count` nearest points, facing outward
    from the mean of all points."""
    points = points.astype(np.float64)
    near = points[np.c_[np.arange(len(points)), neighbours(points, count)]]
    off = near - near.mean(1, keepdims=True)
    _, axes = np.linalg.eigh(np.einsum("nki,nkj->nij", off, off))
    normal = axes[:, :, 0]
    outward = np.einsum("ni,ni->n", normal, points - points.mean(0))
    return np.where(outward[:, None] < 0, -normal, normal).astype(np.float32)


def fpfh(
    points: Float[np.ndarray, "point 3"],
    normal: Float[np.ndarray, "point 3"],
    radius: float = 0.125,
    most: int = 100,
) -> Float[np.ndarray, "point 33"]:
    """Fast point feature histograms (Rusu et al., ICRA 2009), with the conventions of Open3D.

    Args:
        radius, most: neighbours are the nearest `most` points (itself among them) within `radius`.
    """
    tree = cKDTree(points)
    most = min(most, len(points))
    distance, index = tree.query(points, k=most, distance_upper_bound=radius)
    distance, index = distance.reshape(len(points), -1), index.reshape(len(points), -1)
    first, column = np.nonzero((index < len(points)) & (distance > 0))
    second, squared = index[first, column], distance[first, column].astype(np.float64) ** 2
    bins = _pair_bins(points[first], normal[first], points[second], normal[second])
    members = np.maximum(np.bincount(first, minlength=len(points)), 1)
    simple = np.zeros((len(points), 33))
    for angle in range(3):
        np.add.at(simple, (first, 11 * angle + bins[:, angle]), 100 / members[first])
    summed = np.zeros_like(simple)
    np.add.at(summed, first, simple[second] / squared[:, None])
    for part in np.split(summed, 3, axis=1):
        total = part.sum(1, keepdims=True)
        part *= np.where(total > 0, 100 / np.where(total > 0, total, 1), 0)
    return (summed + simple).astype(np.float32)


def _pair_bins(
    p: Float[np.ndarray, "pair 3"],
    n: Float[np.ndarray, "pair 3"],
    q: Float[np.ndarray, "pair 3"],
    m: Float[np.ndarray, "pair 3"],
) -> Int[np.ndarray, "pair 3"]:
    """The bins, of 11 each, of the three angles between two points and their normals."""
    p, n, q, m = (x.astype(np.float64) for x in (p, n, q, m))
    line = q - p
    line /= np.linalg.norm(line, axis=1, keepdims=True)
    one, two = np.einsum("ni,ni->n", n, line), np.einsum("ni,ni->n", m, line)
    # The point whose normal is closer to the line is the source.
    swap = np.abs(one) < np.abs(two)
    source, target = np.where(swap[:, None], m, n), np.where(swap[:, None], n, m)
    line = np.where(swap[:, None], -line, line)
    phi = np.where(swap, -two, one)
    v = np.cross(line, source)
    length = np.linalg.norm(v, axis=1, keepdims=True)
    v = v / np.where(length > 0, length, 1)
    w = np.cross(source, v)
    alpha = np.einsum("ni,ni->n", v, target)
    theta = np.arctan2(np.einsum("ni,ni->n", w, target), np.einsum("ni,ni->n", source, target))
    flat = length[:, 0] == 0  # no angles: Open3D gives zeros
    angles = np.stack([(theta + np.pi) / (2 * np.pi), (alpha + 1) / 2, (phi + 1) / 2], axis=1)
    angles[flat] = 0.5
    return np.clip(np.floor(11 * angles), 0, 10).astype(np.int64)


def describe(
    points: Float[np.ndarray, "point 3"], count: int = 32
) -> Float[np.ndarray, "point 10"]:
    """What geometry alone says of every point of an upright shape (y up).

    |x|, y and z in the shape's box; the distance from the vertical axis through the mean; |n| and
    the sign of n upward; and how flat and how thin the surface is around the point. Left and right
    are not told apart.
    """
    points = points.astype(np.float64)
    low, high = points.min(0), points.max(0)
    box = (2 * points - low - high) / np.maximum(high - low, 1e-12)
    axis = np.linalg.norm((points - points.mean(0))[:, [0, 2]], axis=1)
    normal = normals(points.astype(np.float32)).astype(np.float64)
    near = points[neighbours(points, count)]
    off = near - near.mean(1, keepdims=True)
    spread = np.sqrt(np.maximum(np.linalg.eigvalsh(np.einsum("nki,nkj->nij", off, off)), 0))
    widest = np.maximum(spread[:, 2], 1e-12)
    columns = [
        *(np.abs(box[:, 0]), box[:, 1], box[:, 2], axis / max(axis.max(), 1e-12)),
        *np.abs(normal).T,
        normal[:, 1],
        *(spread[:, 0] / widest, spread[:, 1] / widest),
    ]
    return np.stack(columns, axis=1).astype(np.float32)
