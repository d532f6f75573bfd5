"""The elements of a PLY file, and the corners of its faces, whose lists have any length."""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Int64

from pointclip.clouds.colors import color_columns
from pointclip.clouds.mesh import fan_triangulate
from pointclip.core.errors import UserError


CORNERS = ("vertex_indices", "vertex_index")


@dataclass
class Property:
    """A number of type `kind`, or a list of these after its length of type `length`."""

    name: str
    kind: np.dtype
    length: np.dtype | None = None


@dataclass
class Element:
    """`element vertex 8` and its properties."""

    name: str
    count: int
    properties: list[Property] = field(default_factory=list)

    @property
    def has_lists(self) -> bool:
        return any(p.length for p in self.properties)

    @property
    def dtype(self) -> np.dtype:
        # By position: names may repeat.
        return np.dtype([(str(i), p.kind) for i, p in enumerate(self.properties)])

    @property
    def least_bytes(self) -> int:
        """The size in a binary file if all lists are empty."""
        return sum((p.length or p.kind).itemsize for p in self.properties)

    def columns(self) -> list[int]:
        """Where x, y and z are, and red, green and blue, if they are there."""
        names = [p.name for p in self.properties]
        if not {"x", "y", "z"} <= set(names) or self.has_lists:
            raise UserError("its vertices have no plain x, y and z")
        return [*(names.index(axis) for axis in "xyz"), *color_columns(names)]

    def largest_color(self) -> float | None:
        """What stands for a colour of 1: the largest of an integer type, or not known."""
        color = self.columns()[3:]
        kind = self.properties[color[0]].kind if color else np.dtype("f4")
        return float(np.iinfo(kind).max) if kind.kind == "u" else None


class FaceWalker:
    """Walks over faces in `data`: the numbers of a text file, or the bytes of a binary one."""

    def __init__(self, face: Element, data: np.ndarray) -> None:
        self.face, self.data, self.at = face, data, 0
        self.text = data.dtype.kind == "f"
        self.lists = [p for p in face.properties if p.length]
        corners = [i for i, p in enumerate(self.lists) if p.name in CORNERS and p.kind.kind in "iu"]
        if len(corners) != 1:
            raise UserError("its faces have no list of corners")
        self.corners = corners[0]

    def read(self, count: int) -> Int64[np.ndarray, "triangle 3"]:
        """The triangles of the next `count` faces."""
        starts, lengths = self._equal_rows(count) or self._rows(count)
        kind = self.lists[self.corners].kind
        first = starts - self._size(kind) * (np.cumsum(lengths) - lengths)
        places = np.repeat(first, lengths) + self._size(kind) * np.arange(lengths.sum())
        corners = self._gather(places, kind)
        if self.text and not ((np.abs(corners) < 1 << 40) & (corners == np.floor(corners))).all():
            raise UserError("it has something else where corners of faces should be")
        return fan_triangulate(corners.astype(np.int64), lengths)

    def _equal_rows(self, count: int) -> tuple[np.ndarray, np.ndarray] | None:
        """Where the corners of each face start, and how many it has, if all faces are laid out as
        the first; as nearly always, and then 20 times as fast."""
        lists, end = self._row(self.at)
        rows = self.at + (end - self.at) * np.arange(count)
        if self.at + (end - self.at) * count > len(self.data):
            return None
        for p, (start, length) in zip(self.lists, lists, strict=True):
            assert p.length
            if (
                self._gather(rows + (start - self.at) - self._size(p.length), p.length) != length
            ).any():
                return None
        start, length = lists[self.corners]
        starts, self.at = rows + (start - self.at), self.at + (end - self.at) * count
        return starts, np.full(count, length)

    def _rows(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        found = []
        for _ in range(count):
            lists, self.at = self._row(self.at)
            found.append(lists[self.corners])
        starts, lengths = np.array(found).T
        return starts, lengths

    def _row(self, at: int) -> tuple[list[tuple[int, int]], int]:
        """Of each list of the face at `at`: where its items start, and how many; and the face's
        end."""
        lists = []
        for p in self.face.properties:
            if p.length:
                length = self._length(at, p.length)
                at += self._size(p.length)
                lists.append((at, length))
                at += (length - 1) * self._size(p.kind)
            at += self._size(p.kind)
        if at > len(self.data):
            raise UserError("its faces are cut short")
        return lists, at

    def _length(self, at: int, kind: np.dtype) -> int:
        places = self.data[at : at + self._size(kind)]
        if len(places) < self._size(kind):
            raise UserError("its faces are cut short")
        length = int(places[0] if self.text else places.view(kind)[0])
        if not 0 <= length <= len(self.data):
            raise UserError(f"it has a face with {length} corners")
        return length

    def _gather(self, places: np.ndarray, kind: np.dtype) -> np.ndarray:
        if self.text:
            return self.data[places]
        return self.data[places[:, None] + np.arange(kind.itemsize)].view(kind)[:, 0]

    def _size(self, kind: np.dtype) -> int:
        return 1 if self.text else kind.itemsize
