"""From a file to points, in this process; `isolation` runs it in another one."""

from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8

from pointclip.clouds.formats.by_suffix import FORMATS
from pointclip.clouds.mesh import Mesh, Scan, check_bounds, sample_surface
from pointclip.core.errors import UserError


MESH_POINTS = 2048
Points = Float[np.ndarray, "point 3"]
Colors = UInt8[np.ndarray, "point 3"]


def read_points(
    path: Path, points: int | None, index: int, seed: int, colored: bool, repeat: bool = True
) -> tuple[Points, Colors | None]:
    """The points of a file as `load_cloud` describes them, with the axes of the file, and their
    colours, if they are asked for and the file has any.

    Raises:
        Exception: of any kind, if the file is damaged or no cloud.
    """
    if not path.exists():
        raise UserError("there is no such file")
    if not path.is_file():
        raise UserError("it is no regular file")
    if path.stat().st_size == 0:
        raise UserError("the file is empty")
    rng = np.random.default_rng(seed)
    with np.errstate(all="ignore"):  # what overflows is no finite number, and looked for
        content = FORMATS[path.suffix.lower()](path, index, rng)
        return _sample(content, points, rng, colored, repeat)


def _sample(
    content: Mesh | Scan, points: int | None, rng: np.random.Generator, colored: bool, repeat: bool
) -> tuple[Points, Colors | None]:
    if isinstance(content, Mesh):
        content = sample_surface(content, points or MESH_POINTS, rng, colored)
    cloud, colors = content.points, content.colors if colored else None
    finite = np.isfinite(cloud).all(1)
    if not finite.all():
        cloud, colors = cloud[finite], None if colors is None else colors[finite]
    if len(cloud) < 3:
        raise UserError(
            f"it holds {len(cloud)} points with finite coordinates, too few for a shape"
        )
    check_bounds(cloud)
    low, high = cloud.min(0).astype(np.float64), cloud.max(0).astype(np.float64)
    size = float((high - low).max())
    if size == 0:
        raise UserError("all its points lie in one place")
    rows: np.ndarray | slice = slice(None)
    if points is not None and len(cloud) > points:
        rows = np.sort(rng.choice(len(cloud), points, replace=False))
    elif points is not None and len(cloud) < points and repeat:
        rows = np.arange(points) % len(cloud)
    cloud = cloud[rows]
    if np.abs((low + high) / 2).max() > 1e3 * size:
        cloud = cloud - (low + high) / 2
    if colors is not None:
        colors = np.rint(255 * colors[rows]).astype(np.uint8)
    return cloud.astype(np.float32), colors
