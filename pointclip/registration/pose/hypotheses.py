"""Poses from triples of matches, scored on all matches: what RANSAC tries.

Open3D's correspondence RANSAC is not used: it ranks by the nearest neighbours of whole clouds, and
with scale it shrinks one cloud to a dot (FREEREG 1.6).
"""

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial.distance import cdist

from pointclip.core.jit import compiled


# A triangle flatter than this (height over base) fixes no rotation.
FLATTEST = 0.05


def try_triples(
    source: Float[np.ndarray, "match 3"],
    target: Float[np.ndarray, "match 3"],
    rng: np.random.Generator,
    tries: int,
    most: int,
    tolerance: float,
    shortest: float,
    scale: tuple[float, float] | None = None,
) -> Float[np.ndarray, "pose 3 4"]:
    """Motions from source to target, one for each random triple whose triangles agree.

    Args:
        tries: triples sampled, with repetition.
        most: how many poses at most, the first ones.
        tolerance: sides may differ by so many metres (with scale: after dividing it out).
        shortest: no side may be shorter, in metres.
        scale: bounds of the scale, which is then part of each pose; None for none.
    """
    if len(source) < 3:
        return np.empty((0, 3, 4))
    triples = rng.integers(len(source), size=(tries, 3))
    corners = (triples, np.roll(triples, 1, axis=1))
    side_a, side_b = (cdist(x, x)[corners] for x in (source, target))
    size = np.ones(tries)
    good = (side_a > shortest).all(axis=1) & (side_b > shortest).all(axis=1)
    if scale is not None:
        size = side_b.sum(axis=1) / np.maximum(side_a.sum(axis=1), 1e-12)
        good &= (size > scale[0]) & (size < scale[1])
    good &= (np.abs(side_a * size[:, None] - side_b) < tolerance).all(axis=1)
    # Some of them are flat: a few more than asked for are looked at.
    chosen = np.flatnonzero(good)[: 2 * most]
    a, b = source[triples[chosen]], target[triples[chosen]]
    frame_a, flat_a = _frames(a)
    frame_b, flat_b = _frames(b)
    keep = np.flatnonzero(~flat_a & ~flat_b)[:most]
    rotation = frame_b[keep].transpose(0, 2, 1) @ frame_a[keep] * size[chosen][keep, None, None]
    centre_a, centre_b = a[keep].mean(axis=1), b[keep].mean(axis=1)
    shift = centre_b - np.einsum("nij,nj->ni", rotation, centre_a)
    return np.concatenate([rotation, shift[..., None]], axis=2)


def _frames(triangle: Float[np.ndarray, "triple 3 3"]):
    """Three orthonormal rows for each triangle, and whether it is too flat to have them."""
    base, other = triangle[:, 1] - triangle[:, 0], triangle[:, 2] - triangle[:, 0]
    length = np.linalg.norm(base, axis=1, keepdims=True)
    x = base / np.maximum(length, 1e-12)
    y = other - x * (x * other).sum(axis=1, keepdims=True)
    height = np.linalg.norm(y, axis=1, keepdims=True)
    y = y / np.maximum(height, 1e-12)
    return np.stack([x, y, np.cross(x, y)], axis=1), (height < FLATTEST * length)[:, 0]


def score(
    source: Float[np.ndarray, "match 3"],
    target: Float[np.ndarray, "match 3"],
    poses: Float[np.ndarray, "pose 3 4"],
    distance: float,
) -> Float[np.ndarray, " pose"]:
    """For each pose the sum of 1 - (d / distance)^2 over the matches it brings within distance."""
    scores = np.zeros(len(poses))
    source, target, poses = (np.ascontiguousarray(x, dtype=float) for x in (source, target, poses))
    _score(source, target, poses, distance * distance, scores)
    return scores


@compiled
def _score(source, target, poses, limit, scores):
    for n in range(len(poses)):
        p = poses[n]
        total = 0.0
        for m in range(len(source)):
            x, y, z = source[m, 0], source[m, 1], source[m, 2]
            d = p[0, 0] * x + p[0, 1] * y + p[0, 2] * z + p[0, 3] - target[m, 0]
            squared = d * d
            d = p[1, 0] * x + p[1, 1] * y + p[1, 2] * z + p[1, 3] - target[m, 1]
            squared += d * d
            d = p[2, 0] * x + p[2, 1] * y + p[2, 2] * z + p[2, 3] - target[m, 2]
            squared += d * d
            if squared < limit:
                total += 1 - squared / limit
        scores[n] = total


def distinct(
    poses: Float[np.ndarray, "pose 3 4"],
    scores: Float[np.ndarray, " pose"],
    centre: Float[np.ndarray, "3"],
    most: int,
    degrees: float,
    metres: float,
) -> Int[np.ndarray, " kept"]:
    """Indices of the best poses, each differing from the better ones by either limit.

    Two poses differ by the angle between their rotations, or by where they take `centre`.
    """
    moved = poses[:, :, :3] @ centre + poses[:, :, 3]
    left, kept = np.argsort(-scores, kind="stable"), list[int]()
    # The trace of A'B is scale^2 (1 + 2 cos angle); scales of two alike poses are alike too.
    size = np.cbrt(np.linalg.det(poses[:, :, :3]))
    while len(left) and len(kept) < most:
        best = left[0]
        kept.append(int(best))
        trace = np.einsum("nij,ij->n", poses[left, :, :3], poses[best, :, :3])
        cosine = (trace / (size[left] * size[best]) - 1) / 2
        apart = np.linalg.norm(moved[left] - moved[best], axis=1)
        left = left[(cosine < np.cos(np.radians(degrees))) | (apart > metres)]
    return np.array(kept, dtype=np.int64)
