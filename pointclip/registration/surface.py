"""Thin a cloud to one point a voxel and estimate its normals."""

import numpy as np
from jaxtyping import Float
from scipy.spatial import cKDTree


def thin(points: Float[np.ndarray, "point 3"], voxel: float) -> Float[np.ndarray, "voxel 3"]:
    """The mean of the points of every voxel with a side of `voxel` metres, in a fixed order.

    As Open3D's: the first voxel's centre is the corner of the cloud's box, so that a moved cloud is
    thinned alike.
    """
    if not len(points):
        return points
    cell = np.floor((points - points.min(axis=0)) / voxel + 0.5).astype(np.int64)
    size = cell.max(axis=0) + 1
    key = (cell[:, 0] * size[1] + cell[:, 1]) * size[2] + cell[:, 2]
    _, inverse, count = np.unique(key, return_inverse=True, return_counts=True)
    sums = [np.bincount(inverse, weights=points[:, k]) for k in range(3)]
    return np.stack(sums, axis=-1) / count[:, None]


def estimate_normals(
    points: Float[np.ndarray, "point 3"],
    support: Float[np.ndarray, "support 3"],
    radius: float,
    neighbours: int,
    camera: Float[np.ndarray, "3"] | None = None,
) -> Float[np.ndarray, "point 3"]:
    """Unit normals of the planes through the nearest points of `support`, turned to `camera`.

    Args:
        radius: only points nearer than this count, in metres.
        neighbours: at most so many; with fewer than 3 the normal is the line of sight.
        camera: where the cloud was seen from; None is the origin.
    """
    if not len(points):
        return np.empty((0, 3))
    distance, index = cKDTree(support).query(points, neighbours, distance_upper_bound=radius)
    found = np.isfinite(distance)
    near = support[np.where(found, index, 0)] * found[..., None]
    count = np.maximum(found.sum(axis=1), 1)
    centre = near.sum(axis=1) / count[:, None]
    apart = (near - centre[:, None]) * found[..., None]
    _, vectors = np.linalg.eigh(np.einsum("pni,pnj->pij", apart, apart))
    normals = vectors[..., 0]
    sight = (np.zeros(3) if camera is None else camera) - points
    lonely = found.sum(axis=1) < 3
    length = np.linalg.norm(sight, axis=1, keepdims=True)
    normals[lonely] = (sight / np.maximum(length, 1e-12))[lonely]
    away = np.einsum("pi,pi->p", normals, sight) < 0
    normals[away] *= -1
    return normals


def normal_weights(
    normals: Float[np.ndarray, "point 3"], degrees: float = 25
) -> Float[np.ndarray, " point"]:
    """Weights with mean 1, inverse to the number of normals within `degrees` of a point's own.

    A wall has many points that say the same; the clutter before it says where along the wall.
    """
    if not len(normals):
        return np.empty(0)
    alike = (normals @ normals.T > np.cos(np.radians(degrees))).sum(axis=1)
    weights = 1 / alike
    return weights / weights.mean()
