"""Geometry of a point's surroundings: neighbours, normals, plain coordinates."""

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
