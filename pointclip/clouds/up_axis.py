"""Which axis points up in a cloud, and how to turn it to y."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from scipy.spatial import ConvexHull, QhullError, cKDTree

from pointclip.core.errors import choose


# The rotation that turns each axis up, to y; the one beside it goes where it is needed for that.
UP = {
    "y": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "-y": [[1, 0, 0], [0, -1, 0], [0, 0, -1]],
    "z": [[1, 0, 0], [0, 0, 1], [0, -1, 0]],
    "-z": [[1, 0, 0], [0, 0, -1], [0, 1, 0]],
    "x": [[0, -1, 0], [1, 0, 0], [0, 0, 1]],
    "-x": [[0, 1, 0], [-1, 0, 0], [0, 0, 1]],
}


def turn_up(points: Float[np.ndarray, "*batch 3"], up: str) -> Float[np.ndarray, "*batch 3"]:
    """Rotate so that the axis `up` becomes y (z up: x stays, z becomes y, y becomes -z)."""
    if up == "y":
        return points
    return points @ np.array(UP[choose(up, UP, "up axis")], points.dtype).T


# Of `up_features`; fitted by recipes/up_axis.py.
WEIGHTS = np.array([2.13, 0.876, -2.95, 2.39, -4.77, 1.7])
MAX_POINTS = 2048


def estimate_up(
    points: Float[np.ndarray, "point 3"], axes: Sequence[str] = tuple(UP)
) -> tuple[str, float]:
    """The axis of `axes` that most likely points up in a cloud of one object, and its probability.

    A linear model of how objects stand: a mirror beside an upright object shows it as it is, one
    below it does not; it is higher than wide; it stands on a broad base, of few points. Good enough
    for a hint, not for a decision. Right in percent, if any of the six axes may be up; if it is y
    or z; and if it is y or z, where the probability is above 0.8 (of so many percent of shapes):
    65, 89, 96 (71) on the test shapes of the embedded set, 48, 75, 83 (60) on 400 of ModelNet40,
    whose train shapes were not used. Windows, boxes and cabinets look alike on several sides.
    """
    scores = up_features(points) @ WEIGHTS
    chosen = np.array([scores[list(UP).index(choose(axis, UP, "up axis"))] for axis in axes])
    probability = np.exp(chosen - chosen.max())
    best = int(chosen.argmax())
    return axes[best], float(probability[best] / probability.sum())


def estimate_common_up(clouds: Sequence[Float[np.ndarray, "_ 3"]]) -> tuple[str, float]:
    """The axis that most likely points up in several clouds alike, and its probability.

    Shapes are taken for independent of each other. How often the probability is above 0.9, and how
    often the axis is then right, in percent, for sets of 1, 2, 4, 8 shapes, turned alike so that
    any of the six axes is up: embedded test shapes 9, 39, 78, 97 and 100, 99, 99, 100; 400 of
    ModelNet40 6, 22, 49, 79 and 96, 94, 93, 97.
    """
    scores = np.stack([up_features(cloud) @ WEIGHTS for cloud in clouds])
    logs = (scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)).sum(0)
    best = int(logs.argmax())
    return tuple(UP)[best], float(np.exp(logs[best] - np.logaddexp.reduce(logs)))


def up_features(points: Float[np.ndarray, "point 3"]) -> Float[np.ndarray, "axis feature"]:
    """What speaks for each axis of `UP`, in its order."""
    points = points[:: max(len(points) // MAX_POINTS, 1)].astype(np.float64)
    low, high = points.min(0), points.max(0)
    size = max((high - low).max(), 1e-12)
    points, extent = (points - (low + high) / 2) / size, np.maximum((high - low) / size, 1e-3)
    tree = cKDTree(points)
    rows = []
    for name in UP:
        axis, sign = "xyz".index(name[-1]), -1 if name[0] == "-" else 1
        mirrored = points[::4].copy()
        mirrored[:, axis] *= -1
        asymmetry = np.log(tree.query(mirrored)[0].mean() + 1e-3)
        across = [other for other in range(3) if other != axis]
        footprint = extent[across].prod()
        height = points[:, axis] * sign / extent[axis] + 0.5  # 0 at the bottom, 1 at the top
        flat = points[:, across]
        rows.append(
            [
                asymmetry,
                np.log(extent[axis] / np.sqrt(footprint)),
                (height < 0.03).mean() - (height > 0.97).mean(),
                _hull_area(flat[height < 0.03]) / footprint,
                (height < 0.1).mean(),
                _hull_area(flat[height < 0.1]) / footprint,
            ]
        )
    return np.array(rows)


def _hull_area(points: Float[np.ndarray, "point 2"]) -> float:
    """Of the convex hull; 0 where there is none."""
    try:
        return float(ConvexHull(points).volume)
    except (QhullError, ValueError):
        return 0.0
