"""Meshes as text, or as triangles one by one: OFF, OBJ, STL.

Read here and not by trimesh 5.2 (measured on 4,000 changed files and on meshes of a million
triangles): it reads an OFF that is cut short as a mesh with fewer faces (12 of 36 cuts), reads
relative indices of OBJ as other vertices, and takes 19 (OFF), 7 (OBJ) and 9 (STL) times the size of
a file in memory, where these readers take 3. For STL alone, which it reads right, it takes 0.7 s to
import.
"""

import re
from array import array
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int64

from pointclip.clouds.colors import unit_colors
from pointclip.clouds.formats.text import line_blocks, numbers
from pointclip.clouds.mesh import Mesh, Scan, fan_triangulate, records, vertex_paint
from pointclip.core.errors import UserError


MAX_INDEX = 1 << 40
TRIANGLE = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("extra", "<u2")])


class Polygons:
    """Collects polygons as lists of corners."""

    def __init__(self) -> None:
        self.corners, self.lengths = array("q"), array("q")

    def add(self, corners: list[int]) -> None:
        self.corners.extend(corners)
        self.lengths.append(len(corners))

    def add_triangles(self, triangles: Float[np.ndarray, "triangle 3"]) -> None:
        self.corners.frombytes(triangles.astype(np.int64).tobytes())
        self.lengths.frombytes(np.full(len(triangles), 3).tobytes())

    def triangles(self) -> Int64[np.ndarray, "triangle 3"]:
        return fan_triangulate(
            np.frombuffer(self.corners, np.int64), np.frombuffer(self.lengths, np.int64)
        )


def read_off(path: Path, index: int, rng: np.random.Generator) -> Mesh | Scan:
    """OFF, also with the header run together with the counts (`OFF490 518 0`, as in ModelNet)."""
    points, polygons, left, colored = [np.empty((0, 3))], Polygons(), None, False
    with path.open("rb") as f:
        for block in line_blocks(f):
            block = re.sub(rb"#[^\n]*", b"", block)
            if left is None:
                header = _off_header(block, path.stat().st_size)
                colored = header[0].lstrip().startswith(b"COFF")
                points = [np.empty((0, 6 if colored else 3))]
                left, block = [int(header[1]), int(header[2])], block[header.end() :]
            lines = [line for line in block.split(b"\n") if line.strip()]
            vertices, faces = lines[: left[0]], lines[left[0] :][: left[1]]
            points.append(_vertices(vertices, colored))
            _add_faces(polygons, faces)
            left = [left[0] - len(vertices), left[1] - len(faces)]
    if left is None or any(left):
        missing = "{} vertices and {} faces".format(*left or ("all", "all"))
        raise UserError(f"it is cut short: {missing} are missing")
    return _content(np.concatenate(points), polygons)


def _off_header(block: bytes, size: int) -> re.Match[bytes]:
    header = re.match(
        rb"\s*(?:ST)?C?N?OFF\s*(\d{1,18})\s+(\d{1,18})(?:[ \t]+\d+)?[ \t\r]*(?:\n|$)", block
    )
    if not header:
        raise UserError("it does not begin with OFF and the numbers of vertices and faces")
    vertices, faces = int(header[1]), int(header[2])
    # "0 0 0" and "3 0 1 2" with their line ends.
    if 6 * vertices + 4 * faces > size:
        raise UserError(f"it announces {vertices} vertices and {faces} faces, but is cut short")
    return header


def _content(vertices: Float[np.ndarray, "vertex column"], polygons: Polygons) -> Mesh | Scan:
    """Vertices, with colours in three more columns, as a mesh if there are polygons."""
    colors = unit_colors(vertices[:, 3:]) if vertices.shape[1] > 3 else None
    vertices = vertices[:, :3]
    if not polygons.lengths:
        return Scan(vertices, colors)
    triangles = polygons.triangles()
    return Mesh(vertices, triangles, vertex_paint(colors, triangles))


def _vertices(lines: list[bytes], colored: bool) -> Float[np.ndarray, "line column"]:
    """The first three numbers of lines that all hold equally many, or the first six."""
    width = len(lines[0].split()) if lines else 3
    found = numbers(b"\n".join(lines))
    needed = 6 if colored else 3
    if not lines:
        return np.empty((0, needed))
    if width < needed or len(found) != len(lines) * width:
        raise UserError("its vertices are not all equally many numbers")
    return found.reshape(-1, width)[:, :needed]


def _add_faces(polygons: Polygons, lines: list[bytes]) -> None:
    """Faces of an OFF file, each a line that may end in a color."""
    if all(line.split(None, 1)[0] == b"3" and len(line.split()) == 4 for line in lines[:9]):
        found = numbers(b"\n".join(lines))
        if len(found) == 4 * len(lines) and (found[::4] == 3).all():
            rows = found.reshape(-1, 4)[:, 1:]
            if (np.abs(rows) < MAX_INDEX).all() and (rows == np.floor(rows)).all():
                return polygons.add_triangles(rows)
    for line in lines:
        fields = line.split()
        corners = fields[1 : 1 + _integers(fields[:1])[0]]
        if len(corners) != int(fields[0]):
            raise UserError("it has a face with fewer corners than it announces")
        polygons.add(_integers(corners))
    return None


def read_obj(path: Path, index: int, rng: np.random.Generator) -> Mesh | Scan:
    """The vertices and faces of an OBJ file, and the colours that may follow the coordinates of a
    vertex; materials and other files are not looked at."""
    points, polygons, count, width = [np.empty((0, 3))], Polygons(), 0, 0
    with path.open("rb") as f:
        for block in line_blocks(f):
            rows = []
            for line in block.split(b"\n"):
                if line.startswith((b"v ", b"v\t")):
                    fields = line.split(None, 7)[1:7]
                    if not width:  # as the first vertex is
                        width = 6 if len(fields) == 6 else 3
                        points = [np.empty((0, width))]
                    if width == 6 and len(fields) != 6:
                        fields = [*fields[:3], *[b"nan"] * 3]
                    rows.append(b" ".join(fields[:width]))
                elif line.startswith((b"f ", b"f\t")):
                    have = count + len(rows)
                    found = _integers([c.partition(b"/")[0] for c in line.split()[1:]])
                    polygons.add([i - 1 if i > 0 else have + i for i in found])
            block_points = numbers(b"\n".join(rows))
            if len(block_points) != width * len(rows):
                raise UserError("its vertices are not all three numbers")
            points.append(block_points.reshape(-1, width or 3))
            count += len(rows)
    return _content(np.concatenate(points), polygons)


def read_stl(path: Path, index: int, rng: np.random.Generator) -> Mesh:
    """STL, binary or text."""
    size = path.stat().st_size
    with path.open("rb") as f:
        head = f.read(1024)
        count = int.from_bytes(head[80:84], "little")
        if size >= 84 and size >= 84 + 50 * count and count and not _is_text(head, size, count):
            blocks = records(path, TRIANGLE, 84, count)
            # Copied, as a part of a block would keep all of it in memory.
            parts = [block["corners"].reshape(-1, 3).astype(np.float64) for block in blocks]
            return _separate_triangles(np.concatenate(parts))
        if not head.lstrip().lower().startswith(b"solid"):
            raise UserError(
                f"it announces {count} triangles, but is cut short" if count else "it is empty"
            )
        f.seek(0)
        rows, end = [], b""
        for block in line_blocks(f):
            lines = [line.strip() for line in block.split(b"\n")]
            rows += [line[6:] for line in lines if line.startswith(b"vertex")]
            end = next((line for line in reversed(lines) if line), end)
    if not end.lower().startswith(b"endsolid"):
        raise UserError("it is cut short: it does not end with endsolid")
    found = numbers(b"\n".join(rows))
    if len(found) % 9 or len(found) != 3 * len(rows):
        raise UserError("its triangles are not all three corners of three numbers")
    return _separate_triangles(found.reshape(-1, 3))


def _is_text(head: bytes, size: int, count: int) -> bool:
    return head.lstrip().startswith(b"solid") and b"facet" in head and size != 84 + 50 * count


def _separate_triangles(corners: Float[np.ndarray, "corner 3"]) -> Mesh:
    """A mesh in which every triangle has corners of its own."""
    return Mesh(corners, np.arange(len(corners)).reshape(-1, 3))


def _integers(fields: list[bytes]) -> list[int]:
    try:
        found = [int(field[:20]) for field in fields]
    except ValueError as error:
        raise UserError("it has something else where corners of faces should be") from error
    if any(abs(i) > MAX_INDEX for i in found):
        raise UserError("its faces name vertices beyond those that it has")
    return found
