import struct

import numpy as np
import pytest

from pointclip.clouds.formats.ply import read_ply
from pointclip.clouds.mesh import BLOCK
from pointclip.core.errors import UserError


TYPES = {"uchar": "B", "ushort": "H", "int": "i", "uint": "I", "float": "f", "short": "h"}
XYZ = ("float x", "float y", "float z")


def write_ply(path, order, faces, properties, extra=b""):
    """Three vertices; faces as rows of values, lists as tuples."""
    kind = {"": "ascii", "<": "binary_little_endian", ">": "binary_big_endian"}[order]
    lines = ["ply", f"format {kind} 1.0", "element vertex 3", *(f"property {p}" for p in XYZ)]
    lines += [f"element face {len(faces)}", *(f"property {p}" for p in properties), "end_header"]
    data = ("\n".join(lines) + "\n").encode()
    kinds = [p.split() for p in properties]
    if not order:
        rows = [*np.eye(3).tolist(), *faces]
        words = [
            [len(v), *v] if isinstance(v, tuple) else [v] for row in rows for v in [*row, "\n"]
        ]
        text = " ".join(str(item) for word in words for item in word)
        data += text.replace(" \n ", "\n").rstrip(" ").encode()
    else:
        parts = [np.eye(3).astype(f"{order}f4").tobytes()]
        for row in faces:
            for value, words in zip(row, kinds, strict=True):
                if isinstance(value, tuple):
                    parts.append(struct.pack(order + TYPES[words[1]], len(value)))
                    parts.append(struct.pack(f"{order}{len(value)}{TYPES[words[2]]}", *value))
                else:
                    parts.append(struct.pack(order + TYPES[words[0]], value))
        data += b"".join(parts)
    path.write_bytes(data + extra)
    return path


def read(path):
    return read_ply(path, 0, np.random.default_rng(0))


@pytest.mark.parametrize("order", ["", "<", ">"])
def test_faces_of_any_layout_are_read(tmp_path, order):
    faces = [
        (7, (0, 1, 2), (0.5,), 1),
        (8, (2, 1, 0, 1), (), 2),
        (9, (0, 1), (0.25, 0.5), 3),
        (9, (1, 2, 0), (0.25,), 3),
    ]
    properties = ("uchar red", "list uchar uint vertex_index", "list ushort float uv", "short flag")
    mesh = read(write_ply(tmp_path / "a.ply", order, faces, properties))
    np.testing.assert_array_equal(mesh.vertices, np.eye(3))
    np.testing.assert_array_equal(mesh.triangles, [[0, 1, 2], [2, 1, 0], [2, 0, 1], [1, 2, 0]])


@pytest.mark.parametrize("order", ["", "<"])
def test_faces_are_the_same_however_they_are_blocked(tmp_path, order):
    corners = np.random.default_rng(0).integers(0, 3, (BLOCK + 5, 3))
    corners[:, 1:] = (corners[:, :1] + [1, 2]) % 3
    faces = [(tuple(row),) for row in corners.tolist()]
    path = write_ply(tmp_path / "a.ply", order, faces, ["list uchar int vertex_indices"])
    np.testing.assert_array_equal(read(path).triangles, corners)


def test_what_follows_the_faces_is_left(tmp_path):
    faces = [((0, 1, 2),), ((0, 1, 2),)]
    properties = ["list uchar int vertex_indices"]
    for order in ("", "<"):
        path = write_ply(tmp_path / "a.ply", order, faces, properties, b"\n5 5 5 5 5\n")
        assert len(read(path).triangles) == 2


@pytest.mark.parametrize("order", ["", "<"])
def test_faces_that_are_cut_short_or_have_no_corners_are_refused(tmp_path, order):
    faces = [((0, 1, 2),), ((0, 1, 2, 0),)]
    path = write_ply(tmp_path / "a.ply", order, faces, ["list uchar int vertex_indices"])
    data = path.read_bytes()
    path.write_bytes(data[: -5 if order else -len("\n4 0 1 2 0\n")])
    with pytest.raises(UserError, match=r"cut short|are missing"):
        read(path)
    path.write_bytes(data.replace(b"vertex_indices", b"something_else"))
    with pytest.raises(UserError, match="no list of corners"):
        read(path)


def test_a_corner_that_is_no_whole_number_is_refused(tmp_path):
    for value in (0.5, "nan", 1e30):
        faces = [((0, 1, value),)]
        path = write_ply(tmp_path / "a.ply", "", faces, ["list uchar int vertex_indices"])
        with pytest.raises(UserError, match="something else where corners"):
            read(path)


@pytest.mark.parametrize(
    "line",
    [
        b"format ascii 2.0 x",
        b"element vertex -1",
        b"property list float int a",
        b"property int128 a",
    ],
)
def test_a_header_with_an_unknown_line_is_refused(tmp_path, line):
    path = tmp_path / "a.ply"
    path.write_bytes(b"ply\nformat ascii 1.0\nelement vertex 3\n" + line + b"\nend_header\n")
    with pytest.raises(UserError, match="its header has the line"):
        read(path)
