"""Rigid motions, with or without scale, from matched points (Umeyama, PAMI 1991)."""

import numpy as np
from jaxtyping import Bool, Float

from pointclip.registration.camera import transform


# Points lie on a line if their second extent is so small a share of the first.
LINE = 0.01


def on_a_line(points: Float[np.ndarray, "point 3"]) -> bool:
    """Whether points fix no rotation: they are one, or lie on a line."""
    if len(points) < 3:
        return True
    extents = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
    return bool(extents[1] <= LINE * extents[0])


def fit(
    source: Float[np.ndarray, "match 3"],
    target: Float[np.ndarray, "match 3"],
    with_scale: bool = False,
) -> Float[np.ndarray, "4 4"]:
    """The motion that takes `source` to `target` with the least squared distance.

    With scale, its upper left part is the scale times the rotation; the scale is the ratio of the
    standard deviations over all coordinates, as FreeReg takes it. A mirror image is never returned.
    """
    centre_s, centre_t = source.mean(axis=0), target.mean(axis=0)
    apart_s, apart_t = source - centre_s, target - centre_t
    u, _, vt = np.linalg.svd(apart_t.T @ apart_s)
    turn = np.diag([1, 1, np.sign(np.linalg.det(u @ vt)) or 1.0])
    rotation = u @ turn @ vt
    scale = 1.0
    if with_scale and (spread := np.sqrt((apart_s**2).mean())) > 0:
        scale = np.sqrt((apart_t**2).mean()) / spread
    pose = np.eye(4)
    pose[:3, :3] = scale * rotation
    pose[:3, 3] = centre_t - scale * rotation @ centre_s
    return pose


def refit(
    source: Float[np.ndarray, "match 3"],
    target: Float[np.ndarray, "match 3"],
    pose: Float[np.ndarray, "4 4"],
    distance: float,
    with_scale: bool = False,
) -> tuple[Float[np.ndarray, "4 4"], Bool[np.ndarray, " match"]]:
    """Fit once to the matches that `pose` brings within `distance`; returns these matches too.

    With fewer than three of them, `pose` is returned as it is.
    """
    inlier = np.linalg.norm(transform(pose, source) - target, axis=1) < distance
    if inlier.sum() < 3:
        return pose, inlier
    return fit(source[inlier], target[inlier], with_scale), inlier
