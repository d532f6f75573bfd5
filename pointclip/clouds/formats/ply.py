"""PLY, as text and binary in both byte orders, with points alone or with faces."""

from array import array
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np

from pointclip.clouds.formats.text import line_blocks, numbers
from pointclip.clouds.mesh import Mesh, Scan, Thinner, fan, records
from pointclip.core.errors import UserError


TYPES = {
    **{"char": "i1", "uchar": "u1", "short": "i2", "ushort": "u2", "int": "i4", "uint": "u4"},
    **{"int8": "i1", "uint8": "u1", "int16": "i2", "uint16": "u2", "int32": "i4", "uint32": "u4"},
    **{"float": "f4", "double": "f8", "float32": "f4", "float64": "f8"},
}


@dataclass
class Element:
    """`element vertex 8` and its properties; a list is (type of its length, type)."""

    name: str
    count: int
    properties: list[tuple[str, str | tuple[str, str]]] = field(default_factory=list)

    @property
    def plain(self) -> bool:
        return all(isinstance(kind, str) for _, kind in self.properties)

    def dtype(self, order: str) -> np.dtype:
        # By position: names may repeat.
        return np.dtype([(f"{i}", f"{order}{kind}") for i, (_, kind) in enumerate(self.properties)])

    def columns(self) -> list[int]:
        names = [name for name, _ in self.properties]
        if not {"x", "y", "z"} <= set(names) or not self.plain:
            raise UserError("its vertices have no plain x, y and z")
        return [names.index(axis) for axis in "xyz"]


def read_ply(path: Path, index: int, rng: np.random.Generator) -> Mesh | Scan:
    """The vertices of a PLY file, as a mesh if it has faces, else as points."""
    with path.open("rb") as f:
        order, elements = _header(f)
        before = next((i for i, e in enumerate(elements) if e.name == "vertex"), None)
        if before is None:
            raise UserError("it has no vertices")
        if not all(element.plain for element in elements[:before]):
            raise UserError("it has lists before its vertices")
        left = path.stat().st_size - f.tell()
        vertex, after = elements[before], elements[before + 1 :]
        face = after[0] if after and after[0].name == "face" and after[0].count else None
        if face is not None and face.plain:
            raise UserError("its faces have no list of corners")
        for element in elements[: before + 1] + ([face] if face else []):
            least = 2 * len(element.properties) if not order else _least(element, order)
            if element.count * max(least, 1) > left:
                raise UserError(f"it announces {element.count} of {element.name}, but is cut short")
        if not order:
            return _read_text(f, sum(e.count for e in elements[:before]), vertex, face, rng)
        f.seek(sum(e.count * e.dtype(order).itemsize for e in elements[:before]), 1)
        return _read_binary(path, f, order, vertex, face, rng)


def _header(f: BinaryIO) -> tuple[str, list[Element]]:
    """The byte order ("" for text) and the elements."""
    if f.readline(16).strip() != b"ply":
        raise UserError("it does not begin with 'ply'")
    order: str | None = None
    elements: list[Element] = []
    for _ in range(1000):
        words = f.readline(1024).decode("ascii", "replace").split()
        match words:
            case ["end_header"]:
                if order is None:
                    break
                return order, elements
            case ["format", kind, _] if kind in FORMATS:
                order = FORMATS[kind]
            case ["element", name, count] if count.isdecimal() and len(count) < 19:
                elements.append(Element(name, int(count)))
            case ["property", "list", length, kind, name] if {length, kind} <= set(TYPES):
                _last(elements).properties.append((name, (TYPES[length], TYPES[kind])))
            case ["property", kind, name] if kind in TYPES:
                _last(elements).properties.append((name, TYPES[kind]))
            case ["comment" | "obj_info", *_]:
                pass
            case _:
                raise UserError(f"its header has the line '{' '.join(words)[:60]}'")
    raise UserError("its header has no end")


FORMATS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}


def _last(elements: list[Element]) -> Element:
    if not elements or len(elements[-1].properties) > 255:
        raise UserError("its header lists properties of nothing, or too many")
    return elements[-1]


def _least(element: Element, order: str) -> int:
    """How many bytes one of an element has at least."""
    kinds = [kind if isinstance(kind, str) else kind[0] for _, kind in element.properties]
    return sum(np.dtype(kind).itemsize for kind in kinds)


def _read_text(
    f: BinaryIO, skip: int, vertex: Element, face: Element | None, rng: np.random.Generator
) -> Mesh | Scan:
    columns, width = vertex.columns(), len(vertex.properties)
    thinner, whole, corners = Thinner(rng), [], array("q")
    left, faces = vertex.count, face.count if face else 0
    for block in line_blocks(f):
        lines = [line for line in block.split(b"\n") if line.strip()]
        lines, skip = lines[skip:], max(skip - len(lines), 0)
        found = numbers(b"\n".join(lines[:left]))
        if len(found) != width * min(left, len(lines)):
            raise UserError("its vertices are not all equally many numbers")
        points = found.reshape(-1, width)[:, columns]
        if face:
            whole.append(points)
        else:
            thinner.add(points)
        for line in lines[left : left + faces]:
            corners.extend(fan(_corners(line, face)))
        faces -= len(lines[left : left + faces])
        left -= len(points)
        if not left and not faces:
            break
    if left or faces:
        raise UserError(f"{left} of its vertices and {faces} of its faces are missing")
    if not face:
        return thinner.scan()
    return Mesh(np.concatenate(whole), np.frombuffer(corners, np.int64).reshape(-1, 3))


def _corners(line: bytes, face: Element | None) -> list[int]:
    """The list of corners in a line, wherever it stands among the other properties."""
    assert face is not None
    found, at = numbers(line), 0
    for name, kind in face.properties:
        if at >= len(found):
            break
        length = 1 if isinstance(kind, str) else 1 + int(min(max(found[at], 0), len(found)))
        if not isinstance(kind, str) and name in ("vertex_indices", "vertex_index"):
            corners = found[at + 1 : at + length]
            if len(corners) == length - 1 and (np.abs(corners) < 1 << 40).all():
                return [int(corner) for corner in corners]
        at += length
    raise UserError("it has a face without corners")


def _read_binary(
    path: Path,
    f: BinaryIO,
    order: str,
    vertex: Element,
    face: Element | None,
    rng: np.random.Generator,
) -> Mesh | Scan:
    columns, dtype = [str(i) for i in vertex.columns()], vertex.dtype(order)
    blocks = records(path, dtype, f.tell(), vertex.count)
    points = (np.stack([b[c].astype(np.float64) for c in columns], 1) for b in blocks)
    if face is None:
        thinner = Thinner(rng)
        for block in points:
            thinner.add(block)
        return thinner.scan()
    vertices = np.concatenate([np.empty((0, 3)), *points])
    f.seek(vertex.count * dtype.itemsize, 1)
    return Mesh(vertices, _faces(f.read(), order, face))


def _faces(data: bytes, order: str, face: Element) -> np.ndarray:
    """Corners of all faces; fast if every face is laid out as the first, as nearly always."""
    first, _ = _layout(data, 0, order, face)
    name, size = "corners", face.count * first.itemsize
    assert first.fields is not None
    if size <= len(data):
        rows = np.frombuffer(data[:size], first)
        lengths = [key for key in first.fields if key.startswith("n")]
        if all((rows[key] == rows[key][0]).all() for key in lengths):
            corners = rows[name].astype(np.int64).reshape(face.count, -1)
            fans = [corners[:, [0, i, i + 1]] for i in range(1, corners.shape[1] - 1)]
            return np.stack(fans, 1).reshape(-1, 3) if fans else np.empty((0, 3), np.int64)
    found, at = array("q"), 0
    for _ in range(face.count):
        layout, at = _layout(data, at, order, face)
        row = np.frombuffer(data, layout, 1, at - layout.itemsize)
        found.extend(fan(row[name].reshape(-1).tolist()))
    return np.frombuffer(found, np.int64).reshape(-1, 3)


def _layout(data: bytes, at: int, order: str, face: Element) -> tuple[np.dtype, int]:
    """The layout of the face that begins at byte `at`, and where it ends."""
    fields: list[tuple] = []
    for i, (name, kind) in enumerate(face.properties):
        if isinstance(kind, str):
            fields.append((f"p{i}", order + kind))
            at += np.dtype(kind).itemsize
            continue
        length = np.dtype(order + kind[0])
        if at + length.itemsize > len(data) or length.kind == "f":
            raise UserError("its faces are cut short")
        count = int(np.frombuffer(data, length, 1, at)[0])
        at += length.itemsize + max(count, 0) * np.dtype(kind[1]).itemsize
        if not 0 <= count <= len(data) or at > len(data):
            raise UserError("its faces are cut short")
        is_corners = name in ("vertex_indices", "vertex_index") and kind[1][0] in "iu"
        fields += [
            (f"n{i}", length),
            ("corners" if is_corners else f"p{i}", order + kind[1], (count,)),
        ]
    if at > len(data) or [key for key, *_ in fields].count("corners") != 1:
        raise UserError("its faces have no list of corners, or are cut short")
    return np.dtype(fields), at
