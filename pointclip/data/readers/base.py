"""What all readers share: a split as a stream of chunks, and how files are found in a folder.

A reader is a module with `read(entry, source, split) -> Split` and `wanted(path) -> bool`, which
says what of an archive is unpacked. A new one gets its name in `catalog/datasets.py` (of parts, in
`catalog/parts.py`); whether its clouds are normalised stands in `data/read_split.py`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Integer, UInt8

from pointclip.clouds.isolation import READER
from pointclip.core.errors import UserError
from pointclip.core.files import printable, read_text


CHUNK = 256  # shapes read at a time
Entry = Mapping[str, Any]


class Chunk(NamedTuple):
    """Some shapes of a split: points (shape, point, 3) float32, labels, the data set's own ids; and
    colours of the points (shape, point, 3) uint8, or None if no shape of the chunk has any."""

    points: Float[np.ndarray, "shape point 3"]
    label: Integer[np.ndarray, " shape"]
    source_ids: list[str]
    colors: UInt8[np.ndarray, "shape point 3"] | None = None

    def rows(self, keep: Sequence[int] | np.ndarray) -> "Chunk":
        """Some shapes of the chunk."""
        colors = None if self.colors is None else self.colors[keep]
        ids = [self.source_ids[i] for i in keep]
        return Chunk(self.points[keep], self.label[keep], ids, colors)


class PartChunk(NamedTuple):
    """Some shapes with a part for every point: `part` counts from 0 within the shape's class."""

    points: Float[np.ndarray, "shape point 3"]
    label: Integer[np.ndarray, " shape"]
    part: Integer[np.ndarray, "shape point"]
    source_ids: list[str]


@dataclass(frozen=True)
class PartSplit:
    """A split of a part set: its classes in label order, each with its parts, and its shapes."""

    parts: dict[str, list[str]]
    chunks: Iterator[PartChunk]


@dataclass(frozen=True)
class Split:
    """A split as published: its class names in label order, and its shapes as a stream."""

    classes: list[str]
    chunks: Iterator[Chunk]


@contextmanager
def damage_told(source: Path) -> Iterator[None]:
    """What a reader raises over files that are not as published, as one sentence.

    Published files are read for what they should hold; what each may hold instead has no end.

    Raises:
        UserError: in place of every other error.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        reason = " ".join(f"{type(error).__name__} {error}".split())[:200]
        raise UserError(f"{source} is damaged, or not as its reader expects ({reason}).") from error


def published_shapes(path: Path, *more: str) -> list[np.ndarray]:
    """`data`, `label` (shape,) and more arrays of whole numbers in an HDF5 file of strangers.

    Another process reads them, within the budget of a file of this size: a chunk may unpack to more
    than it says, and no reader of HDF5 can be stopped.

    Raises:
        UserError: if the file is missing, damaged, too much for its size, or lacks one.
    """
    try:
        arrays = READER.arrays(path, names=["data", "label", *more])
    except UserError as error:
        raise UserError(f"Cannot read {printable(path)}: {error}.") from error
    rows = len(arrays["data"])
    for name in ("label", *more):
        array = arrays[name]
        with np.errstate(invalid="ignore"):
            whole = (array == array.astype(np.int64)).all()
        if len(array) != rows or not whole or (name == "label" and array.size != rows):
            raise UserError(
                f"{printable(path)} has {rows} shapes, but '{name}' holds {array.dtype} "
                f"{array.shape}, not whole numbers for each of them."
            )
    arrays["label"] = arrays["label"].reshape(-1).astype(np.int64)
    return list(arrays.values())


def check_clouds(points: np.ndarray, source: str | Path) -> None:
    """Check what a reader takes for clouds.

    Raises:
        UserError: if it is not (shape, point, 3), or a coordinate is no finite number.
    """
    if points.ndim != 3 or points.shape[2] != 3 or not points.shape[1]:
        raise UserError(f"{source} has an array {points.shape}, not clouds (shape, point, 3).")
    if not np.isfinite(points).all():
        raise UserError(f"{source} has coordinates that are no finite numbers.")


def row_chunks(rows: np.ndarray) -> Iterator[np.ndarray]:
    """Row numbers, `CHUNK` at a time."""
    return (rows[i : i + CHUNK] for i in range(0, len(rows), CHUNK))


def find_one(source: Path, ending: str) -> Path:
    """The first file at or up to three folders below `source` whose path has this ending.

    Raises:
        UserError: if there is none.
    """
    for pattern in (ending, f"*/{ending}", f"*/*/{ending}", f"*/*/*/{ending}"):
        if found := sorted(source.glob(pattern)):
            return found[0]
    raise UserError(f"{source} holds no file {ending}.")


def lines(path: Path) -> list[str]:
    """The lines of a text file that are not empty."""
    return [line.strip() for line in read_text(path).splitlines() if line.strip()]


def natural_order(path: Path) -> list[tuple[int, str]]:
    """A sort key that puts chair_2 before chair_10."""
    return [(int(n), "") if n.isdigit() else (-1, n) for n in re.split(r"(\d+)", path.name) if n]
