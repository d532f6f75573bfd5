import numpy as np
import pytest
from cloud_files import BOX

from pointclip.clouds.formats.polygons import read_obj, read_off, read_stl
from pointclip.clouds.mesh import Mesh, Scan
from pointclip.core.errors import UserError


RNG = np.random.default_rng(0)
CORNERS = "0 0 0\n1 0 0\n1 1 0\n0 1 0\n"


@pytest.fixture
def off(tmp_path):
    def read(text):
        (tmp_path / "a.off").write_bytes(text.encode())
        return read_off(tmp_path / "a.off", 0, RNG)

    return read


@pytest.fixture
def obj(tmp_path):
    def read(text):
        (tmp_path / "a.obj").write_bytes(text.encode())
        return read_obj(tmp_path / "a.obj", 0, RNG)

    return read


@pytest.mark.parametrize(
    "header", ["OFF\n4 2 0\n", "OFF4 2 0\n", "OFF 4 2\n", "# a\n\nOFF\n# b\n4 2 0 # c\n\n"]
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_headers_of_off(off, header, end):
    text = f"{header}{CORNERS}3 0 1 2\n3 0 2 3\n".replace("\n", end)
    mesh = off(text)
    np.testing.assert_array_equal(mesh.triangles, [[0, 1, 2], [0, 2, 3]])
    np.testing.assert_array_equal(mesh.vertices[2], [1, 1, 0])


def test_faces_of_off_may_be_polygons_and_end_in_colors(off):
    mesh = off(f"OFF\n4 3 0\n{CORNERS}4 0 1 2 3 255 0 0\n3 3 2 1\n2 0 1\n")
    np.testing.assert_array_equal(mesh.triangles, [[0, 1, 2], [0, 2, 3], [3, 2, 1]])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"OFF\n4 2 0\n{CORNERS}3 0 1 2\n", "0 vertices and 1 faces are missing"),
        (f"OFF\n5 0 0\n{CORNERS}", "1 vertices and 0 faces are missing"),
        ("OFF\n900 900 0\n0 0 0\n", "announces 900 vertices and 900 faces"),
        (f"OFF\n4 1 0\n{CORNERS}4 0 1 2\n", "fewer corners than it announces"),
        (f"OFF\n4 1 0\n{CORNERS}3 0 x 2\n", "something else where"),
        (f"OFF\n4 1 0\n{CORNERS}3 0 1 99999999999999\n", "beyond those that it has"),
        ("OFF\n2 0 0\n0 0 0\n1 2\n", "not all equally many numbers"),
        ("PLY\n4 2 0\n", "does not begin with OFF"),
    ],
)
def test_an_off_that_is_cut_short_or_damaged_is_refused(off, text, reason):
    with pytest.raises(UserError, match=reason):
        off(text)


def test_indices_of_obj_count_from_the_start_or_from_where_they_stand(obj):
    vertices = "v 0 0 0\nv 1 0 0 0.5 0.5 0.5\nv\t1 1 0\n"
    mesh = obj(f"mtllib /etc/passwd\n{vertices}f 1/4/7 2//9 3\nf -3 -2 -1\n{vertices}f -1 -2 -3\n")
    np.testing.assert_array_equal(mesh.triangles, [[0, 1, 2], [0, 1, 2], [5, 4, 3]])
    assert isinstance(obj(vertices), Scan)


def test_an_obj_whose_faces_or_vertices_are_damaged_is_refused(obj):
    with pytest.raises(UserError, match="not all three numbers"):
        obj("v 0 0 0\nv 1 0\n")
    with pytest.raises(UserError, match="something else where corners"):
        obj("v 0 0 0\nf a b c\n")


def test_an_stl_of_bytes_may_begin_with_solid_and_end_in_more(tmp_path):
    path, data = tmp_path / "a.stl", BOX.export(file_type="stl")
    expected = BOX.vertices[BOX.faces]
    for content in (data, b"solid" + data[5:], data + b"\n\n"):
        path.write_bytes(content)
        mesh = read_stl(path, 0, RNG)
        assert isinstance(mesh, Mesh)
        np.testing.assert_allclose(mesh.vertices[mesh.triangles], expected)


def test_an_stl_that_is_cut_short_is_refused(tmp_path):
    path = tmp_path / "a.stl"
    path.write_bytes(BOX.export(file_type="stl")[:-1])
    with pytest.raises(UserError, match="announces 12 triangles, but is cut short"):
        read_stl(path, 0, RNG)
    text = BOX.export(file_type="stl_ascii")
    path.write_text(text[: text.rindex("facet normal")])
    with pytest.raises(UserError, match="does not end with endsolid"):
        read_stl(path, 0, RNG)
