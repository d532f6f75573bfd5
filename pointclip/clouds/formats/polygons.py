"""Meshes as text, or as a soup of triangles: OFF, OBJ, STL."""

import re
from array import array
from pathlib import Path

import numpy as np

from pointclip.clouds.formats.text import line_blocks, numbers
from pointclip.clouds.mesh import Mesh, Scan, fan, records
from pointclip.core.errors import UserError


def read_off(path: Path, index: int, rng: np.random.Generator) -> Mesh | Scan:
    """OFF, also with the header run together with the counts (`OFF490 518 0`, as in ModelNet)."""
    text = re.sub(rb"#[^\n]*", b"", path.read_bytes())
    header = re.match(
        rb"\s*(?:ST)?C?N?OFF\s*(\d{1,18})\s+(\d{1,18})(?:[ \t]+\d+)?[ \t]*\r?\n", text
    )
    if not header:
        raise UserError("it does not begin with OFF and the numbers of vertices and faces")
    vertices, faces = int(header[1]), int(header[2])
    # "0 0 0" and "3 0 1 2" with their line ends.
    if 6 * vertices + 4 * faces > len(text) + 6:
        raise UserError(f"it announces {vertices} vertices and {faces} faces, but is cut short")
    lines = text[header.end() :].split(b"\n")
    lines = [line for line in lines if line.strip()]
    if len(lines) < vertices + faces:
        raise UserError(f"it announces {vertices} vertices and {faces} faces, but is cut short")
    width = len(lines[0].split()) if vertices else 3
    found = numbers(b"\n".join(lines[:vertices]))
    if width < 3 or len(found) != vertices * width:
        raise UserError("its vertices are not all equally many numbers")
    points = found.reshape(vertices, width)[:, :3]
    if not faces:
        return Scan(points)
    return _mesh(points, _faces(lines[vertices : vertices + faces]))


def _faces(lines: list[bytes]) -> array:
    """Corners of the triangles of faces, each a line that may end in a color."""
    corners = array("q")
    if all(line.split(None, 1)[0] == b"3" and len(line.split()) == 4 for line in lines[:9]):
        found = numbers(b"\n".join(lines))
        if len(found) == 4 * len(lines) and (found[::4] == 3).all():
            rows = found.reshape(-1, 4)[:, 1:]
            if (np.abs(rows) < 1 << 40).all() and (rows == np.floor(rows)).all():
                corners.frombytes(rows.astype(np.int64).tobytes())
                return corners
    for line in lines:
        fields = line.split()
        corners.extend(fan(_integers(fields[1 : 1 + _integers(fields[:1])[0]])))
    return corners


def read_obj(path: Path, index: int, rng: np.random.Generator) -> Mesh | Scan:
    """The vertices and faces of an OBJ file; materials and other files are not looked at."""
    points: list[np.ndarray] = []
    corners, count = array("q"), 0
    with path.open("rb") as f:
        for block in line_blocks(f):
            rows = []
            for line in block.split(b"\n"):
                if line.startswith((b"v ", b"v\t")):
                    rows.append(b" ".join(line.split(None, 4)[1:4]))
                elif line.startswith((b"f ", b"f\t")):
                    have = count + len(rows)
                    found = _integers([c.partition(b"/")[0] for c in line.split()[1:]])
                    corners.extend(fan([i - 1 if i > 0 else have + i for i in found]))
            block_points = numbers(b"\n".join(rows))
            if len(block_points) != 3 * len(rows):
                raise UserError("its vertices are not all three numbers")
            points.append(block_points.reshape(-1, 3))
            count += len(rows)
    vertices = np.concatenate(points) if points else np.empty((0, 3))
    return _mesh(vertices, corners) if corners else Scan(vertices)


def read_stl(path: Path, index: int, rng: np.random.Generator) -> Mesh:
    """STL, binary or text."""
    size = path.stat().st_size
    with path.open("rb") as f:
        head = f.read(1024)
        count = int.from_bytes(head[80:84], "little")
        if size >= 84 and size >= 84 + 50 * count and count and not _is_text(head, size, count):
            record = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("extra", "<u2")])
            parts = [b["corners"].astype(np.float64) for b in records(path, record, 84, count)]
            return _soup(np.concatenate(parts).reshape(-1, 3))
        if not head.lstrip().lower().startswith(b"solid"):
            raise UserError(
                f"it announces {count} triangles, but is cut short" if count else "it is empty"
            )
        f.seek(0)
        rows = [
            line.strip()[6:]
            for block in line_blocks(f)
            for line in block.split(b"\n")
            if line.lstrip().startswith(b"vertex")
        ]
    found = numbers(b"\n".join(rows))
    if len(found) % 9 or len(found) != 3 * len(rows):
        raise UserError("its triangles are not all three corners of three numbers")
    return _soup(found.reshape(-1, 3))


def _is_text(head: bytes, size: int, count: int) -> bool:
    return head.lstrip().startswith(b"solid") and b"facet" in head and size != 84 + 50 * count


def _soup(corners: np.ndarray) -> Mesh:
    return Mesh(corners, np.arange(len(corners)).reshape(-1, 3))


def _mesh(vertices: np.ndarray, corners: array) -> Mesh:
    return Mesh(vertices, np.frombuffer(corners, np.int64).reshape(-1, 3))


def _integers(fields: list[bytes]) -> list[int]:
    try:
        found = [int(field[:20]) for field in fields]
    except ValueError as error:
        raise UserError("it has something else where corners of faces should be") from error
    if any(abs(i) > 1 << 40 for i in found):
        raise UserError("its faces name vertices beyond those that it has")
    return found
