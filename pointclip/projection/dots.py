"""Depth maps of dots as HDF5 chunks, compressed from the list of dots, without the empty pixels.

A chunk goes through two filters: LZ4 writes runs of zeros as matches, Zstd packs what is left. Any
HDF5 library with these filters reads the dense maps. The LZ4 part is ours, because a compressor
that has to look for dots among empty pixels takes longer than their rendering: of a cloud of
`pointclip_fs` 0.7 (LZ4) to 1.2 (Zstd) CPU ms in their libraries; here 0.35 for both, rendering
0.15 (benchmarks/README.md). Formats: lz4_Block_format.md of LZ4; H5Zlz4.c of HDF5's filter.
"""

import struct
from collections.abc import Sequence

import h5py
import hdf5plugin
import numpy as np
import pyarrow as pa
from jaxtyping import Int32, UInt8, UInt16

from pointclip.core.jit import compiled
from pointclip.projection.float16 import to_float16
from pointclip.projection.render_cpu import Dots


LEVEL = 1  # of Zstd
HEADER = struct.Struct(">QII")  # bytes of the chunk, of a block, of the compressed block
# LZ4: a match has at least 4 bytes; the last 5 bytes are literals, and the last match begins 12
# bytes before the end or earlier.
SHORTEST, LAST_LITERALS, LAST_MATCH = 4, 5, 12
MOST_A_DOT = 12  # bytes that a dot takes at most, with the zeros before it


def create(f: h5py.Group, name: str, shape: tuple[int, ...]) -> h5py.Dataset:
    """A float16 dataset with a chunk a shape, for `write`."""
    filters = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    filters.set_filter(hdf5plugin.LZ4_ID, h5py.h5z.FLAG_MANDATORY, (0,))
    chunks = {"chunks": (1, *shape[1:]), "maxshape": (None, *shape[1:])}
    return f.create_dataset(
        name, shape, np.float16, dcpl=filters, **chunks, **hdf5plugin.Zstd(clevel=LEVEL)
    )


def write(dataset: h5py.Dataset, row: int, chunks: Sequence[UInt8[np.ndarray, " _"]]) -> None:
    """Write the packed chunks of some shapes from `row` on."""
    codec = pa.Codec("zstd", compression_level=LEVEL)
    for shape, packed in enumerate(chunks, row):
        place = (shape, *(0 for _ in dataset.shape[1:]))
        dataset.id.write_direct_chunk(place, codec.compress(packed, asbytes=True))


def pack_shapes(found: Dots, views: int, cells: int) -> list[UInt8[np.ndarray, " _"]]:
    """A packed chunk for every shape, rounded to float16; see `pack`."""
    half = to_float16(found.values).view(np.uint16)
    shapes = [slice(first, first + views) for first in range(0, len(found.counts), views)]
    return [pack(found.pixels[of], half[of], found.counts[of], cells) for of in shapes]


def pack(
    pixels: Int32[np.ndarray, "view dot"],
    values: UInt16[np.ndarray, "view dot"],
    counts: Int32[np.ndarray, " view"],
    cells: int,
) -> UInt8[np.ndarray, " byte"]:
    """A chunk as HDF5's LZ4 filter leaves it: sizes, and one block.

    Args:
        values: bits of float16.
        cells: pixels of a view.
    """
    size = 2 * cells * len(counts)
    most = MOST_A_DOT * int(counts.sum()) + size // 200 + 64
    out = np.zeros(HEADER.size + most, np.uint8)
    end = _block(pixels, values, counts, cells, out, HEADER.size)
    if end - HEADER.size >= size:  # HDF5's filter takes a block of the chunk's size as it is.
        images = np.zeros((len(counts), cells), "<u2")
        for image, where, bits, count in zip(images, pixels, values, counts, strict=True):
            image[where[:count]] = bits[:count]
        out, end = np.append(out[: HEADER.size], images.view(np.uint8)), HEADER.size + size
    header = HEADER.pack(size, size, end - HEADER.size)
    out[: HEADER.size] = np.frombuffer(header, np.uint8)
    return out[:end]


@compiled
def _block(pixels, values, counts, cells, out, end):
    """Write one LZ4 block of little-endian numbers into zeros, and return where it ends.

    A sequence has dots that are close to each other as literals, and one byte of zero, which a
    match of offset 1 repeats up to the next dot.
    """
    size, dots = 2 * cells * len(counts), counts.sum()
    place = np.empty(dots, np.int32)  # the first byte of every dot
    bits = np.empty(dots, np.uint16)
    n = 0
    for view in range(len(counts)):
        for k in range(counts[view]):
            place[n] = 2 * (cells * view + pixels[view, k])
            bits[n] = values[view, k]
            n += 1
    k = start = 0
    while True:
        first, stop = k, start
        while k < dots:
            target = min(place[k], size - LAST_LITERALS)
            if target - stop > SHORTEST and stop < size - LAST_MATCH:
                break
            stop = place[k] + 2
            k += 1
        target = size - LAST_LITERALS
        if k < dots:
            target = min(place[k], target)
        ends = k == dots and (target - stop <= SHORTEST or stop >= size - LAST_MATCH)
        length = size - start if ends else stop + 1 - start
        token = end
        end = _literals(out, end, length)
        for dot in range(first, k):
            low = end + place[dot] - start
            out[low], out[low + 1] = bits[dot] & 0xFF, bits[dot] >> 8
        end += length
        if ends:
            return end
        end = _match(out, end, token, target - stop - 1)
        start = target


@compiled
def _literals(out, end, length):
    """Write a sequence's token (its match's length comes later) and the length of its literals."""
    out[end] = min(length, 15) << 4
    end += 1
    return _rest(out, end, length - 15)


@compiled
def _rest(out, end, rest):
    """What of a length is beyond 15: bytes of 255, and one that is less."""
    if rest < 0:
        return end
    while rest >= 255:
        out[end] = 255
        end, rest = end + 1, rest - 255
    out[end] = rest
    return end + 1


@compiled
def _match(out, end, token, length):
    """Write a match of offset 1, and its length, whose first part goes into the token."""
    out[token] |= min(length - SHORTEST, 15)
    out[end], out[end + 1] = 1, 0
    return _rest(out, end + 2, length - SHORTEST - 15)
