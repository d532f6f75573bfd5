"""Point clouds: from a person's file to (N, 3) float32, with the y axis up."""

import os
from pathlib import Path

import numpy as np
from jaxtyping import Float

from pointclip.clouds.formats import FORMATS
from pointclip.clouds.mesh import Mesh, Scan, check_bounds, sample_surface
from pointclip.core.errors import UserError, choose


SUFFIXES = tuple(FORMATS)
# The rotation that turns each axis up, to y; the one beside it goes where it is needed for that.
UP = {
    "y": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "-y": [[1, 0, 0], [0, -1, 0], [0, 0, -1]],
    "z": [[1, 0, 0], [0, 0, 1], [0, -1, 0]],
    "-z": [[1, 0, 0], [0, 0, -1], [0, 1, 0]],
    "x": [[0, -1, 0], [1, 0, 0], [0, 0, 1]],
    "-x": [[0, 1, 0], [-1, 0, 0], [0, 0, 1]],
}


def load_cloud(
    path: str | Path,
    points: int | None = None,
    up: str = "y",
    seed: int = 0,
    index: int = 0,
) -> Float[np.ndarray, "point 3"]:
    """Read a cloud, or sample a mesh evenly over its area.

    Formats by suffix: see `SUFFIXES`. `file.h5#12` is cloud 12 of an HDF5 file, as `index=12` is.
    Points that are no finite numbers are left out, as range cameras write them where they see
    nothing. Units and place are those of the file, unless the cloud is so far off that float32
    could not tell its points apart (survey coordinates): then it is moved to the origin.

    Args:
        points: how many to return: larger clouds are thinned at random, smaller ones repeated.
            None returns all of a cloud (thinned to a million), or 2,048 points of a mesh.
        up: the axis that points up in the file, one of x, y, z, -x, -y, -z; turned to y.
        seed: of sampling and thinning.
        index: which cloud of a file that holds several.

    Raises:
        UserError: if the file is missing, damaged, or no cloud; nothing in it is ever executed,
            and memory is bounded by its size on disk.
    """
    choose(up, UP, "up axis")
    if points is not None and points < 1:
        raise UserError(f"{points} points cannot be drawn: ask for at least 1.")
    path, index = _split_index(Path(path), index)
    shown = os.fsencode(path).decode("utf-8", "backslashreplace")
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise UserError(f"{shown} has no suffix of a point cloud: known are {', '.join(FORMATS)}.")
    rng = np.random.default_rng(seed)
    try:
        if not path.is_file():
            raise UserError("there is no such file")
        if path.stat().st_size == 0:
            raise UserError("the file is empty")
        with np.errstate(all="ignore"):  # what overflows is no finite number, and looked for
            content = FORMATS[suffix](path, index, rng)
            cloud = _points(content, points, rng)
    except Exception as error:
        # Whatever a reader stumbles over: the file is at fault, and the next one is waiting.
        reason = " ".join(str(error).split())[:200].rstrip(".") or type(error).__name__
        raise UserError(f"Cannot read {shown}: {reason}.") from error
    return turn_up(cloud, up)


def normalise(points: Float[np.ndarray, "point 3"]) -> Float[np.ndarray, "point 3"]:
    """Move the centroid to the origin and scale the farthest point to distance 1."""
    wide = points.astype(np.float64)
    wide -= wide.mean(0)
    radius = np.sqrt((wide**2).sum(1).max())
    return (wide / max(radius, 1e-12)).astype(np.float32)


def turn_up(points: Float[np.ndarray, "*batch 3"], up: str) -> Float[np.ndarray, "*batch 3"]:
    """Rotate so that the axis `up` becomes y (z up: x stays, z becomes y, y becomes -z)."""
    if up == "y":
        return points
    return points @ np.array(UP[choose(up, UP, "up axis")], points.dtype).T


def _points(
    content: Mesh | Scan, points: int | None, rng: np.random.Generator
) -> Float[np.ndarray, "point 3"]:
    if isinstance(content, Mesh):
        cloud = sample_surface(content, points or 2048, rng)
    else:
        cloud = content.points
        cloud = cloud[np.isfinite(cloud).all(1)]
    if len(cloud) < 3:
        raise UserError(
            f"it holds {len(cloud)} points with finite coordinates, too few for a shape"
        )
    check_bounds(cloud)
    low, high = cloud.min(0).astype(np.float64), cloud.max(0).astype(np.float64)
    size = float((high - low).max())
    if size == 0:
        raise UserError("all its points lie in one place")
    if points is not None and len(cloud) > points:
        cloud = cloud[np.sort(rng.choice(len(cloud), points, replace=False))]
    elif points is not None and len(cloud) < points:
        cloud = cloud[np.arange(points) % len(cloud)]
    if np.abs((low + high) / 2).max() > 1e3 * size:
        cloud = cloud - (low + high) / 2
    return cloud.astype(np.float32)


def _split_index(path: Path, index: int) -> tuple[Path, int]:
    """`file.h5#12` is file.h5 and 12, unless there is a file of just that name."""
    stem, mark, number = path.name.rpartition("#")
    if mark and number.isdecimal() and len(number) < 10 and not os.path.lexists(path):
        return path.with_name(stem or path.name), int(number)
    return path, index
