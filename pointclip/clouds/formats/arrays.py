"""Arrays of points: NPY, NPZ, HDF5."""

import math
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from pointclip.clouds.mesh import BLOCK, Scan, Subsampler
from pointclip.core.errors import UserError


NAMES = ("points", "point", "pts", "pc", "xyz", "pos", "positions", "vertices", "data", "arr_0")


def read_npy(path: Path, index: int, rng: np.random.Generator) -> Scan:
    """An array (N, 3 or more), or (clouds, N, 3 or more) of which one is read."""
    with path.open("rb") as f:
        return _read_stream(f, path.stat().st_size, index, rng)


def read_npz(path: Path, index: int, rng: np.random.Generator) -> Scan:
    """The array called `points` or the like, else the first that could be points.

    It is read in pieces as it is unpacked, so that a few packed bytes cannot fill the memory.
    """
    with zipfile.ZipFile(path) as archive:
        members = [m for m in archive.infolist() if m.filename.endswith(".npy")]
        if not members:
            raise UserError("it holds no arrays")
        member = min(members, key=lambda m: _rank(m.filename.removesuffix(".npy")))
        with archive.open(member) as f:
            return _read_stream(f, member.file_size, index, rng)


def _read_stream(f: Any, size: int, index: int, rng: np.random.Generator) -> Scan:
    version = np.lib.format.read_magic(f)
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read is None:
        raise UserError(f"its array has the unknown version {version}")
    shape, fortran, dtype = read(f)
    stride = _check(shape, dtype)
    if math.prod(shape) * dtype.itemsize > size - f.tell():
        raise UserError("its array is cut short")
    if fortran:  # column by column, so all of it is needed
        whole = np.frombuffer(f.read(size), dtype)[: math.prod(shape)].reshape(shape, order="F")
        return _subsample(whole, shape, dtype, index, rng)
    rows, start = shape[-2], 0
    if len(shape) == 3:
        _check_index(index, shape[0])
        start = index * rows * stride
    while start:
        start -= len(f.read(min(start, 1 << 20)) or _end())
    subsampler = Subsampler(rng)
    while rows:
        count = min(rows, BLOCK)
        block = np.frombuffer(f.read(count * stride), dtype).reshape(count, shape[-1])
        subsampler.add(block[:, :3].astype(np.float64))
        rows -= count
    return subsampler.scan()


def read_h5(path: Path, index: int, rng: np.random.Generator) -> Scan:
    """The data set called `points` or the like, else the first that could be points; integers
    are scaled by its attribute `scale`, if it has one."""
    import h5py
    import hdf5plugin  # noqa: F401  (reads what zstd or blosc has compressed)

    with h5py.File(path, "r") as f:
        found: dict[str, Any] = {}

        def visit(name: str, item: Any) -> None:
            # Links to other files are not visited; raw data in other files is refused.
            if isinstance(item, h5py.Dataset) and item.ndim in (2, 3) and item.shape[-1] >= 3:
                found[name] = item

        f.visititems(visit)
        if not found:
            raise UserError("it holds no array (N, 3) or (clouds, N, 3)")
        data = found[min(found, key=lambda name: _rank(name.rpartition("/")[2]))]
        if data.external or data.is_virtual:
            raise UserError("its points lie in another file")
        if math.prod(data.shape) * data.dtype.itemsize > max(1000 * path.stat().st_size, 1 << 20):
            raise UserError("it announces more points than a file of its size can hold")
        scale = float(data.attrs.get("scale", 1.0))
        scan = _subsample(data, data.shape, data.dtype, index, rng)
        return Scan(scan.points * scale)


def _subsample(
    array: Any, shape: tuple[int, ...], dtype: np.dtype, index: int, rng: np.random.Generator
) -> Scan:
    _check(shape, dtype)
    select: Callable[[int], Any] = lambda i: array[i : i + BLOCK]  # noqa: E731
    if len(shape) == 3:
        _check_index(index, shape[0])
        select = lambda i: array[index, i : i + BLOCK]  # noqa: E731
    subsampler = Subsampler(rng)
    for start in range(0, shape[-2], BLOCK):
        subsampler.add(np.asarray(select(start))[:, :3].astype(np.float64))
    return subsampler.scan()


def _check(shape: tuple[int, ...], dtype: np.dtype) -> int:
    """Refuse what cannot be points; the bytes of a row otherwise."""
    if dtype.kind not in "fiu" or dtype.itemsize > 8:
        raise UserError(f"its array holds {dtype}, not numbers")
    if len(shape) not in (2, 3) or min(shape) < 0 or not 3 <= shape[-1] <= 1024:
        raise UserError(f"its array has the shape {shape}, not (N, 3) or (clouds, N, 3)")
    return shape[-1] * dtype.itemsize


def _check_index(index: int, count: int) -> None:
    if not 0 <= index < count:
        raise UserError(f"it holds {count} clouds, so there is no cloud {index}")


def _rank(name: str) -> tuple[int, str]:
    return (NAMES.index(name.lower()) if name.lower() in NAMES else len(NAMES), name)


def _end() -> bytes:
    raise EOFError("it ends early")
