"""NPZ files of strangers: arrays without objects, in no more memory than their size allows.

numpy's own reader allocates what a header announces before it looks whether that much is there, and
ends over damaged files in a dozen kinds of errors.
"""

import math
import zipfile
from collections.abc import Collection
from pathlib import Path

import numpy as np

from pointclip.core.errors import UserError


# zlib packs by about a thousand at most: a few bytes must not fill the memory.
MOST_PACKED = 1100
HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def read_npz(path: str | Path, names: Collection[str] | None = None) -> dict[str, np.ndarray]:
    """The arrays of an NPZ file, or those of them that are called one of `names`.

    Raises:
        UserError: if the file is damaged, or holds something else than plain arrays; the message is
            the reason alone.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = {m.filename.removesuffix(".npy"): m for m in archive.infolist()}
            chosen = [name for name in members if names is None or name in names]
            size = sum(members[name].file_size for name in chosen)
            if size > MOST_PACKED * Path(path).stat().st_size:
                raise ValueError("it announces more than a file of its size can hold")
            return {name: _read_member(archive, members[name]) for name in chosen}
    # zipfile, its decompressors and the parser of headers raise errors of a dozen kinds.
    except Exception as error:
        reason = " ".join(str(error).split())[:150] or type(error).__name__
        raise UserError(f"it is damaged or no NPZ file ({reason})") from error


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(member) as f:
        shape, fortran, dtype = HEADERS[np.lib.format.read_magic(f)](f)
        if dtype.hasobject:
            raise ValueError("it holds Python objects, which could run code")
        left, wanted = member.file_size - f.tell(), math.prod(shape) * dtype.itemsize
        if not 0 <= wanted <= left:
            raise ValueError(f"an array of {wanted} bytes is announced, but {left} are there")
        data = f.read(wanted)
        f.read()  # at the end, zipfile compares the checksum
    array = np.frombuffer(data, dtype) if wanted else np.empty(math.prod(shape), dtype)
    return array.reshape(shape, order="F" if fortran else "C")
