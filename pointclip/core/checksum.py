"""Checksums in our own HDF5 and Parquet files: one flipped bit would be read as another value.

Neither format covers all of a file by checksums of its own (HDF5's fletcher32 leaves out attributes
and strings, Parquet's page checksums the names of columns and all metadata), so one CRC-32 stands
for the whole file: behind the content of an HDF5 file, where HDF5 does not look, and in the footer
of a Parquet file.
"""

import zlib
from functools import lru_cache
from pathlib import Path


KEY = b"pointclip.crc32"
ABSENT = b"0" * 8
TRAILER = len(KEY) + len(ABSENT)
# How Thrift writes our key in a Parquet footer: its text, then a string (0x18) of 8 bytes.
IN_FOOTER = KEY + b"\x18\x08"
BLOCK = 1 << 16


def seal_h5(path: Path) -> None:
    """Append the checksum of a complete HDF5 file to it."""
    found = _crc_of_file(path, path.stat().st_size)
    with path.open("ab") as f:
        f.write(KEY + found)


def h5_fits(path: Path) -> bool | None:
    """Whether an HDF5 file fits its checksum; None if it has none."""
    status = path.stat()
    return _h5_fits(path, status.st_size, status.st_mtime_ns, status.st_ino)


@lru_cache(maxsize=1024)
def _h5_fits(path: Path, size: int, _modified: int, _inode: int) -> bool | None:
    with path.open("rb") as f:
        f.seek(max(0, size - TRAILER))
        trailer = f.read()
    if not trailer.startswith(KEY):
        return None
    return _crc_of_file(path, size - TRAILER) == trailer[len(KEY) :]


def seal_parquet(path: Path) -> None:
    """Put its checksum into a Parquet file whose footer holds `KEY` with the value `ABSENT`."""
    content = path.read_bytes()
    with path.open("r+b") as f:
        f.seek(content.rindex(IN_FOOTER) + len(IN_FOOTER))
        f.write(_text(zlib.crc32(content)))


def parquet_fits(content: bytes) -> bool | None:
    """Whether the bytes of a Parquet file fit their checksum; None if they have none."""
    start = content.rfind(IN_FOOTER) + len(IN_FOOTER)
    if start < len(IN_FOOTER):
        return None
    end = start + len(ABSENT)
    crc = zlib.crc32(memoryview(content)[end:], zlib.crc32(ABSENT, zlib.crc32(content[:start])))
    return _text(crc) == content[start:end]


def _crc_of_file(path: Path, size: int) -> bytes:
    crc = 0
    with path.open("rb") as f:
        while size > 0 and (block := f.read(min(BLOCK, size))):
            crc = zlib.crc32(block, crc)
            size -= len(block)
    return _text(crc)


def _text(crc: int) -> bytes:
    return f"{crc:08x}".encode()
