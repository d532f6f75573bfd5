"""Corruptions of point clouds: thirteen of ModelNet40-C's fifteen, at five severities.

Formulas and numbers are those of ModelNet40-C (Sun et al., arXiv 2201.12296); `occlusion` and
`lidar` need a mesh and a depth renderer and are not here. A corruption takes a cloud in the unit
sphere. Most of them end with a box of side 2, so the result has to be normalised again.

The random numbers are those of numpy's legacy generator, in the release's order: with the same
state and the same points the result has the release's bits (`distortion` 2e-7).
"""

import hashlib
from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from numpy.random import RandomState
from scipy.spatial.transform import Rotation

from pointclip.catalog.corruptions import CORRUPTIONS, SEVERITIES, TURNS
from pointclip.core.errors import UserError, choose
from pointclip.data.deformations import free_form, radial


Cloud = Float[np.ndarray, "_point 3"]  # a corruption may change the number of points
RADII = (0.025, 0.05, 0.075, 0.1, 0.125)  # of the radial distortions


def corrupt(points: Cloud, name: str, severity: int, rng: RandomState) -> Cloud:
    """One corrupted cloud, float32; the number of points may change.

    Args:
        points: in the unit sphere, y up; 1,024 in ModelNet40-C, and 2,048 for `density_inc`, which
            returns half as many.
        rng: numpy's legacy generator, which the corruption advances.

    Raises:
        UserError: if there is no such corruption or severity, or the cloud has too few points.
    """
    if name in TURNS:
        return _turn(points, name, rng)
    corruption = _CORRUPTIONS[choose(name, [*CORRUPTIONS, *TURNS], "corruption")]
    if severity not in SEVERITIES:
        raise UserError(f"Severity {severity!r} of '{name}' does not exist: choose one of 1 to 5.")
    least = _fewest_points(name, severity)
    if len(points) < least:
        raise UserError(
            f"A cloud of {len(points)} points is too small for '{name}' at severity {severity}: "
            f"give at least {least} points."
        )
    return corruption(points.astype(np.float32), severity - 1, rng).astype(np.float32)


def shape_generator(seed: int, shape_id: str) -> RandomState:
    """The generator of one shape, which depends on the seed and the shape's id alone."""
    digest = hashlib.sha256(f"{seed}/{shape_id}".encode()).digest()
    return RandomState(np.frombuffer(digest[:16], np.uint32))


def _turn(points: Cloud, name: str, rng: RandomState) -> Cloud:
    """Turned at random about the up axis, y, or by a rotation that is uniform among all."""
    if name == "turn_up":
        turn = Rotation.from_euler("y", rng.uniform(0, 2 * np.pi))
    else:
        turn = Rotation.from_quat(rng.normal(size=4))
    return (points.astype(np.float64) @ turn.as_matrix().T).astype(np.float32)


def unit_box(points: Cloud) -> Cloud:
    """Centre every axis at the middle of its range and scale the longest side to 2."""
    low, high = points.min(0), points.max(0)
    return (points - (high + low) / 2) * (2 / (high - low).max())


def _single_box(points: Cloud) -> Cloud:
    """`unit_box` in single precision, as all but the radial distortions have it."""
    return unit_box(points.astype(np.float32))


def _uniform(points: Cloud, level: int, rng: RandomState) -> Cloud:
    width = (0.01, 0.02, 0.03, 0.04, 0.05)[level]
    return _single_box(points + rng.uniform(-width, width, points.shape))


def _gaussian(points: Cloud, level: int, rng: RandomState) -> Cloud:
    sigma = (0.01, 0.015, 0.02, 0.025, 0.03)[level]
    return np.clip(points + rng.normal(size=points.shape) * sigma, -1, 1)


def _impulse(points: Cloud, level: int, rng: RandomState) -> Cloud:
    count = len(points) // (30, 25, 20, 15, 10)[level]
    moved = rng.choice(len(points), count, replace=False)
    result = points.copy()
    result[moved] += rng.choice([-1, 1], size=(count, 3)) * 0.1
    return _single_box(result)


def _upsampling(points: Cloud, level: int, rng: RandomState) -> Cloud:
    count = len(points) // (5, 4, 3, 2, 1)[level]
    copied = points[rng.choice(len(points), count, replace=False)]
    return _single_box(np.concatenate([points, copied + rng.uniform(-0.05, 0.05, (count, 3))]))


def _background(points: Cloud, level: int, rng: RandomState) -> Cloud:
    count = len(points) // (45, 40, 35, 30, 20)[level]
    return _single_box(np.concatenate([points, rng.uniform(-1, 1, (count, 3))]))


def _rotation(points: Cloud, level: int, rng: RandomState) -> Cloud:
    centre = (2.5, 5, 7.5, 10, 15)[level]
    x, y, z = (_signed(centre - 2.5, centre + 2.5, rng) * np.pi / 180 for _ in range(3))
    cos, sin = np.cos, np.sin
    about_x = np.array([[1, 0, 0], [0, cos(x), -sin(x)], [0, sin(x), cos(x)]])
    about_y = np.array([[cos(y), 0, sin(y)], [0, 1, 0], [-sin(y), 0, cos(y)]])
    about_z = np.array([[cos(z), -sin(z), 0], [sin(z), cos(z), 0], [0, 0, 1]])
    return _single_box(points @ about_x @ about_y @ about_z)


def _shear(points: Cloud, level: int, rng: RandomState) -> Cloud:
    centre = (0.05, 0.1, 0.15, 0.2, 0.25)[level]
    # The release makes six numbers and uses four.
    _, b, d, e, f, _ = (_signed(centre - 0.05, centre + 0.05, rng) for _ in range(6))
    return _single_box(points @ np.array([[1, 0, b], [d, 1, e], [f, 0, 1]]))


def _signed(low: float, high: float, rng: RandomState) -> float:
    return rng.uniform(low, high) * rng.choice([-1, 1])


def _distortion(points: Cloud, level: int, rng: RandomState) -> Cloud:
    return _single_box(free_form(points, (0.1, 0.2, 0.3, 0.4, 0.5)[level], rng))


def _distortion_rbf(points: Cloud, level: int, rng: RandomState) -> Cloud:
    return unit_box(radial(points, RADII[level], rng, lambda t: np.sqrt(t * t + 0.25)))


def _distortion_rbf_inv(points: Cloud, level: int, rng: RandomState) -> Cloud:
    return unit_box(radial(points, RADII[level], rng, lambda t: 1 / np.sqrt(t * t + 0.25)))


def _cutout(points: Cloud, level: int, rng: RandomState) -> Cloud:
    for _ in range((2, 3, 5, 7, 10)[level]):
        points = np.delete(points, _nearest(points, rng.choice(len(points)), 30), axis=0)
    return points


def _density(points: Cloud, level: int, rng: RandomState) -> Cloud:
    for _ in range(level + 1):
        near = _nearest(points, rng.choice(len(points)), 100)
        points = np.delete(points, rng.choice(near, 75, replace=False), axis=0)
    return points


def _density_inc(points: Cloud, level: int, rng: RandomState) -> Cloud:
    total, dense = len(points) // 2, []
    for _ in range(level + 1):
        near = _nearest(points, rng.choice(len(points)), 100)
        dense.append(points[near])
        points = np.delete(points, near, axis=0)
    rest = rng.choice(len(points), total - 100 * (level + 1), replace=True)
    return np.concatenate([*dense, points[rest]])


def _nearest(points: Cloud, centre: int, count: int) -> np.ndarray:
    """The point and its nearest ones, in the order that numpy's partition leaves them."""
    distance = ((points - points[centre]) ** 2).sum(1)
    return np.argpartition(distance, count)[:count]


def _fewest_points(name: str, severity: int) -> int:
    if name == "cutout":
        return 30 * (2, 3, 5, 7, 10)[severity - 1] + 1
    if name == "density":
        return 75 * severity + 26
    if name == "density_inc":
        return 200 * severity + 2
    return {"impulse": 30, "upsampling": 5, "background": 45}.get(name, 2)


_CORRUPTIONS: dict[str, Callable[[Cloud, int, RandomState], Cloud]] = {
    "uniform": _uniform,
    "gaussian": _gaussian,
    "impulse": _impulse,
    "upsampling": _upsampling,
    "background": _background,
    "rotation": _rotation,
    "shear": _shear,
    "distortion": _distortion,
    "distortion_rbf": _distortion_rbf,
    "distortion_rbf_inv": _distortion_rbf_inv,
    "cutout": _cutout,
    "density": _density,
    "density_inc": _density_inc,
}
