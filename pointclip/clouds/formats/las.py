"""LAS and LAZ of laser scanners, through laspy."""

import struct
from pathlib import Path

import numpy as np

from pointclip.clouds.mesh import Scan, Thinner
from pointclip.core.errors import UserError


BLOCK = 1 << 24


def read_las(path: Path, index: int, rng: np.random.Generator) -> Scan:
    """The scaled coordinates of all points. (z points up in surveys: `up="z"`.)"""
    import laspy

    length = _check_header(path)
    thinner = Thinner(rng)
    try:
        # The parallel decoder would believe whatever sizes of chunks the file announces.
        backend = laspy.LazBackend.Lazrs
        with laspy.open(path, read_evlrs=False, laz_backend=backend) as reader:
            for block in reader.chunk_iterator(max(BLOCK // length, 1)):
                thinner.add(
                    np.stack([np.asarray(block[a], np.float64) for a in ("x", "y", "z")], 1)
                )
    except Exception as error:
        raise UserError(f"it is not a readable LAS file ({_first_line(error)})") from error
    except BaseException as error:
        # The LAZ decoder's own panics derive from no Exception.
        if type(error).__name__ != "PanicException":
            raise
        raise UserError(f"it is not a readable LAZ file ({_first_line(error)})") from error
    return thinner.scan()


def _check_header(path: Path) -> int:
    """Compare what the header announces with the size of the file; the bytes of one point."""
    size = path.stat().st_size
    with path.open("rb") as f:
        head = f.read(375).ljust(375, b"\0")
    if not head.startswith(b"LASF"):
        raise UserError("it does not begin with 'LASF'")
    minor, (header, offset, records) = head[25], struct.unpack_from("<HII", head, 94)
    kind, length, points = struct.unpack_from("<BHI", head, 104)
    if minor >= 4:
        extra_start, extra = struct.unpack_from("<QI", head, 235)
        points = max(points, struct.unpack_from("<Q", head, 247)[0])
        if extra and extra_start + 60 * extra > size:
            raise UserError("its header announces more than the file holds")
    # The first bit of the kind says that the points are compressed, to a byte or more each.
    least = 1 if kind & 0x80 else length
    if header > offset or offset > size or 54 * records > offset or not length:
        raise UserError("its header announces more than the file holds")
    if points * least > (size - offset) * (1000 if kind & 0x80 else 1):
        raise UserError(f"it announces {points} points, but is cut short")
    if kind & 0x80:
        _check_chunks(path, offset, length)
    return length


def _check_chunks(path: Path, offset: int, length: int) -> None:
    """The table of compressed chunks cannot list more than the file holds first points of."""
    size = path.stat().st_size
    with path.open("rb") as f:
        f.seek(offset)
        (table,) = struct.unpack("<q", f.read(8).ljust(8, b"\0"))
        if table == -1:  # written by a stream, which knew it only at the end
            f.seek(max(size - 8, 0))
            (table,) = struct.unpack("<q", f.read(8).ljust(8, b"\0"))
        if not offset < table <= size - 8:
            raise UserError("its table of chunks is missing")
        f.seek(table)
        _, chunks = struct.unpack("<II", f.read(8))
    if chunks * length > size:
        raise UserError(f"it announces {chunks} chunks of points, but is cut short")


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:120]
