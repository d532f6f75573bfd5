"""Which axis points up in a cloud, and how to turn it to y."""

import numpy as np
from jaxtyping import Float

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
