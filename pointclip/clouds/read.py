"""From a file to points or arrays, in this process; `isolation` runs it in another one."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8

from pointclip.clouds.budget import memory_limit
from pointclip.clouds.formats.by_suffix import FORMATS
from pointclip.clouds.mesh import Mesh, Scan, check_bounds, sample_surface
from pointclip.core.errors import UserError


MESH_POINTS = 2048
Points = Float[np.ndarray, "point 3"]
Colors = UInt8[np.ndarray, "point 3"]


def read_points(
    path: Path, points: int | None, index: int, seed: int, colored: bool, repeat: bool = True
) -> dict[str, Points | Colors]:
    """The `points` of a file as `load_cloud` describes them, with the axes of the file, and their
    `colors`, if they are asked for and the file has any.

    Raises:
        Exception: of any kind, if the file is damaged or no cloud.
    """
    check_file(path)
    rng = np.random.default_rng(seed)
    with np.errstate(all="ignore"):  # what overflows is no finite number, and looked for
        content = FORMATS[path.suffix.lower()](path, index, rng)
        cloud, colors = _sample(content, points, rng, colored, repeat)
    return {"points": cloud} if colors is None else {"points": cloud, "colors": colors}


def read_arrays(path: Path, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Data sets of numbers in an HDF5 file, by name.

    Raises:
        Exception: of any kind, if the file is damaged, lacks one, or they announce too much.
    """
    import h5py
    import hdf5plugin  # noqa: F401  (reads what zstd or blosc has compressed)

    size = check_file(path)
    with h5py.File(path, "r") as f:
        for name in names:
            if not isinstance(f.get(name, getlink=True), h5py.HardLink):
                raise UserError(f"it has no data set '{name}'")
            data = f[name]
            if not isinstance(data, h5py.Dataset) or data.dtype.kind not in "fiub" or not data.ndim:
                raise UserError(f"its '{name}' is no array of numbers")
            if data.external or data.is_virtual:
                raise UserError(f"its '{name}' lies in another file")
        # This process and the one that asks hold them at the same time.
        announced = sum(math.prod(f[name].shape) * f[name].dtype.itemsize for name in names)
        if announced > memory_limit(size) / 2:
            raise UserError(f"it announces {announced >> 20} MB, too much for {size} bytes")
        return {name: f[name][()] for name in names}


def check_file(path: Path) -> int:
    """Bytes of a file.

    Raises:
        UserError: if it is none, or empty.
    """
    if not path.exists():
        raise UserError("there is no such file")
    if not path.is_file():
        raise UserError("it is no regular file")
    if path.stat().st_size == 0:
        raise UserError("the file is empty")
    return path.stat().st_size


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
