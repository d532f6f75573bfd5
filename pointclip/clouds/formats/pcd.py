"""PCD of the Point Cloud Library: text, binary, and compressed."""

import io
from pathlib import Path
from typing import BinaryIO

import numpy as np

from pointclip.clouds.formats.text import line_blocks, numbers
from pointclip.clouds.mesh import Scan, Thinner, records
from pointclip.core.errors import UserError


KINDS = {"F4": "<f4", "F8": "<f8"} | {
    f"{kind}{size}": f"<{kind.lower()}{size}" for kind in "IU" for size in (1, 2, 4, 8)
}
# liblzf makes at most 264 bytes of 3.
LZF_RATIO = 88


def read_pcd(path: Path, index: int, rng: np.random.Generator) -> Scan:
    """Fields x, y and z; points that the camera did not see are NaN and left out."""
    size = path.stat().st_size
    with path.open("rb") as f:
        header = _header(f)
        names, counts = header["FIELDS"], _integers(header.get("COUNT", ["1"] * 999))
        counts = counts[: len(names)]
        kinds = [t + s for t, s in zip(header["TYPE"], header["SIZE"], strict=False)]
        if not len(names) == len(kinds) == len(counts) or not set(kinds) <= set(KINDS):
            raise UserError("the fields of its header do not fit together")
        if not {"x", "y", "z"} <= set(names) or not 0 < sum(counts) <= 4096 or min(counts) < 0:
            raise UserError("it has no fields x, y and z")
        if [counts[names.index(axis)] for axis in "xyz"] != [1, 1, 1]:
            raise UserError("its x, y and z are not single numbers")
        (points,) = _integers(header["POINTS"][:1])
        kind, left = header["DATA"][0], size - f.tell()
        fields = zip(kinds, counts, strict=True)
        record = np.dtype([(str(i), KINDS[k], (c,)) for i, (k, c) in enumerate(fields)])
        axes = [names.index(axis) for axis in "xyz"]
        if kind == "ascii":
            starts = np.cumsum([0, *counts])
            return _text(f, points, sum(counts), [int(starts[a]) for a in axes], rng)
        if kind == "binary":
            if points * record.itemsize > left:
                raise UserError(f"it announces {points} points, but is cut short")
            thinner = Thinner(rng)
            for block in records(path, record, f.tell(), points):
                thinner.add(np.stack([block[str(a)][:, 0].astype(np.float64) for a in axes], 1))
            return thinner.scan()
        if kind == "binary_compressed":
            data = _unpack(f, points * record.itemsize, left)
            return _columns(data, points, record, axes, rng)
        raise UserError(f"its data are '{kind[:40]}', not ascii, binary or binary_compressed")


def _header(f: BinaryIO) -> dict[str, list[str]]:
    header: dict[str, list[str]] = {}
    for _ in range(100):
        words = f.readline(1 << 14).decode("ascii", "replace").split()
        if words and not words[0].startswith("#"):
            header[words[0]] = words[1:]
        if words[:1] == ["DATA"]:
            break
    if "POINTS" not in header and {"WIDTH", "HEIGHT"} <= set(header):
        width, height = _integers(header["WIDTH"][:1] + header["HEIGHT"][:1])
        header["POINTS"] = [str(width * height)]
    for name in ("FIELDS", "SIZE", "TYPE", "POINTS", "DATA"):
        if not header.get(name):
            raise UserError(f"its header has no {name}")
    return header


def _integers(words: list[str]) -> list[int]:
    if not words or not all(word.isdecimal() and len(word) < 16 for word in words):
        raise UserError("its header has something else where a number should be")
    return [int(word) for word in words]


def _text(
    f: BinaryIO, points: int, width: int, columns: list[int], rng: np.random.Generator
) -> Scan:
    thinner = Thinner(rng)
    for block in line_blocks(f):
        found = numbers(block)
        if len(found) % width:
            raise UserError(f"its lines are not all {width} numbers long")
        thinner.add(found.reshape(-1, width)[:points, columns])
        points -= min(len(found) // width, points)
    if points:
        raise UserError(f"{points} of its points are missing")
    return thinner.scan()


def _unpack(f: BinaryIO, expected: int, left: int) -> bytes:
    """LZF data, which HDF5 knows too: it is handed a chunk of them as they are."""
    import h5py

    packed, unpacked = np.frombuffer(f.read(8).ljust(8, b"\0"), "<u4").tolist()
    if packed + 8 > left or unpacked < expected or unpacked > LZF_RATIO * packed or not packed:
        raise UserError("its compressed data are cut short")
    with h5py.File(io.BytesIO(), "w") as h5:
        chunk = h5.create_dataset("d", (unpacked,), "u1", chunks=(unpacked,), compression="lzf")
        chunk.id.write_direct_chunk((0,), f.read(packed))
        return bytes(chunk[:])


def _columns(
    data: bytes, points: int, record: np.dtype, axes: list[int], rng: np.random.Generator
) -> Scan:
    """Compressed data hold one field after the other."""
    assert record.fields is not None
    parts = []
    for axis in axes:
        field, offset = record.fields[str(axis)][:2]
        found = np.frombuffer(data, field.base, points, offset * points)
        parts.append(found.astype(np.float64))
    thinner = Thinner(rng)
    thinner.add(np.stack(parts, 1))
    return thinner.scan()
