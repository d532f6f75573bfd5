"""LAS and LAZ of laser scanners, through laspy and lazrs."""

import struct
from pathlib import Path

import numpy as np

from pointclip.clouds.mesh import Scan, Subsampler
from pointclip.core.errors import UserError


BLOCK_BYTES = 1 << 24
COLORS = ("red", "green", "blue")  # 16 bits each, but many programs write 8


def read_las(path: Path, index: int, rng: np.random.Generator) -> Scan:
    """The scaled coordinates and colours of all points. (z points up in surveys: `up="z"`.)"""
    import laspy

    length = _check_header(path)
    subsampler = Subsampler(rng)
    # Not the parallel decoder: the time limit counts all threads.
    with laspy.open(path, read_evlrs=False, laz_backend=laspy.LazBackend.Lazrs) as reader:
        colors = {*COLORS} <= set(reader.header.point_format.dimension_names)
        names = ("x", "y", "z", *(COLORS if colors else ()))
        for block in reader.chunk_iterator(max(BLOCK_BYTES // length, 1)):
            subsampler.add(np.stack([np.asarray(block[name], np.float64) for name in names], 1))
    return subsampler.scan()


def _check_header(path: Path) -> int:
    """Compare the number of points with the size of the file; returns the bytes of one point.

    laspy itself returns the points that are there.
    """
    size = path.stat().st_size
    with path.open("rb") as f:
        head = f.read(375).ljust(375, b"\0")
    if not head.startswith(b"LASF"):
        raise UserError("it does not begin with 'LASF'")
    offset, records = struct.unpack_from("<II", head, 96)
    kind, length, points = struct.unpack_from("<BHI", head, 104)
    if head[25] >= 4:  # the minor version
        points = max(points, struct.unpack_from("<Q", head, 247)[0])
    if 54 * records > offset:  # each has a header of 54 bytes, all before the points
        raise UserError(f"it announces {records} records before its points, but is cut short")
    # The first bit of the kind says that the points are compressed, to hardly below a thousandth.
    if points * max(length, 1) > (size - offset) * (1000 if kind & 0x80 else 1):
        raise UserError(f"it announces {points} points, but is cut short")
    return max(length, 1)
