"""Arrays of points: NPY, NPZ, HDF5."""

import math
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from pointclip.clouds.mesh import BLOCK, Scan, Subsampler
from pointclip.core.errors import UserError
from pointclip.core.npz import HEADERS


COLORS = ("colors", "color", "rgb")
NAMES = ("points", "point", "pts", "pc", "xyz", "pos", "positions", "vertices", "data", "arr_0")


def read_npy(path: Path, index: int, rng: np.random.Generator) -> Scan:
    """An array (N, 3 or more), or (clouds, N, 3 or more) of which one is read.

    Only the first three columns: whether others hold colours or normals is not known.
    """
    with path.open("rb") as f:
        return _subsample(_side_by_side(_stream_blocks(f, path.stat().st_size, index)), rng)


def read_npz(path: Path, index: int, rng: np.random.Generator) -> Scan:
    """The array called `points` or the like, else the first that could be points; with colours if
    one is called `colors` or `rgb`.

    They are read in pieces as they are unpacked, so that a few packed bytes cannot fill the memory.
    """
    with zipfile.ZipFile(path) as archive:
        members = [m for m in archive.infolist() if m.filename.endswith(".npy")]
        if not members:
            raise UserError("it holds no arrays")
        names = {m.filename.removesuffix(".npy"): m for m in members}
        chosen = [names[min(names, key=_rank)], *_colors(names)]
        with ExitStack() as stack:
            streams = [stack.enter_context(archive.open(m)) for m in chosen]
            sizes = [m.file_size for m in chosen]
            blocks = [_stream_blocks(*pair, index) for pair in zip(streams, sizes, strict=True)]
            scan = _subsample(_side_by_side(*blocks), rng)
            for stream in streams:
                while stream.read(1 << 20):  # at its end, the archive's checksum is compared
                    pass
            return scan


def _stream_blocks(f: Any, size: int, index: int) -> Iterator[np.ndarray]:
    """The rows of a cloud in an NPY stream, in blocks of `BLOCK`."""
    version = np.lib.format.read_magic(f)
    if version not in HEADERS:
        raise UserError(f"its array has the unknown version {version}")
    shape, fortran, dtype = HEADERS[version](f)
    stride = _check(shape, dtype)
    if math.prod(shape) * dtype.itemsize > size - f.tell():
        raise UserError("its array is cut short")
    if fortran:  # column by column, so all of it is needed
        whole = np.frombuffer(f.read(size), dtype)[: math.prod(shape)].reshape(shape, order="F")
        yield from _array_blocks(whole, shape, dtype, index)
        return
    rows, start = shape[-2], 0
    if len(shape) == 3:
        _check_index(index, shape[0])
        start = index * rows * stride
    while start:
        start -= len(f.read(min(start, 1 << 20)) or _end())
    while rows:
        count = min(rows, BLOCK)
        yield np.frombuffer(f.read(count * stride), dtype).reshape(count, shape[-1])
        rows -= count


def read_h5(path: Path, index: int, rng: np.random.Generator) -> Scan:
    """The data set called `points` or the like, else the first that could be points, with those
    called `colors` or `rgb`; integer points are scaled by an attribute `scale`, if there is one."""
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
        points = found[min(found, key=lambda name: _rank(name.rpartition("/")[2]))]
        folder = points.name.rpartition("/")[0].strip("/")
        beside = {
            name.rpartition("/")[2]: data
            for name, data in found.items()
            if name.rpartition("/")[0] == folder
        }
        blocks = []
        for data in (points, *_colors(beside)):
            if data.external or data.is_virtual:
                raise UserError("its points lie in another file")
            bytes_of_data = math.prod(data.shape) * data.dtype.itemsize
            if bytes_of_data > max(1000 * path.stat().st_size, 1 << 20):
                raise UserError("it announces more points than a file of its size can hold")
            blocks.append(_array_blocks(data, data.shape, data.dtype, index))
        scan = _subsample(_side_by_side(*blocks), rng)
        return Scan(scan.points * float(points.attrs.get("scale", 1.0)), scan.colors)


def _array_blocks(
    array: Any, shape: tuple[int, ...], dtype: np.dtype, index: int
) -> Iterator[np.ndarray]:
    _check(shape, dtype)
    select: Callable[[int], Any] = lambda i: array[i : i + BLOCK]  # noqa: E731
    if len(shape) == 3:
        _check_index(index, shape[0])
        select = lambda i: array[index, i : i + BLOCK]  # noqa: E731
    for start in range(0, shape[-2], BLOCK):
        yield np.asarray(select(start))


def _side_by_side(*blocks: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """Points, or points and their colours."""
    for parts in zip_longest(*blocks):
        if len({-1 if part is None else len(part) for part in parts}) > 1:
            raise UserError("it holds another number of colours than of points")
        yield np.hstack([part[:, :3] for part in parts])


def _subsample(blocks: Iterator[np.ndarray], rng: np.random.Generator) -> Scan:
    subsampler = Subsampler(rng)
    for block in blocks:
        subsampler.add(block.astype(np.float64))
    return subsampler.scan()


def _colors(arrays: Mapping[str, Any]) -> list[Any]:
    return [arrays[name] for name in COLORS if name in arrays][:1]


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
