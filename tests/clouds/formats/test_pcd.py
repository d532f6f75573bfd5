import numpy as np
import pytest

from pointclip.clouds.formats.pcd import read_pcd
from pointclip.core.errors import UserError


ROWS = [[1.0, 2, 3], [4, 5, 6], [7, 8, 9], [10, 11, 12]]


def header(fields, kinds, sizes, data="ascii", count=4):
    ones = " ".join("1" for _ in kinds)
    return (
        f"VERSION 0.7\nFIELDS {fields}\nSIZE {' '.join(sizes)}\nTYPE {' '.join(kinds)}\n"
        f"COUNT {ones}\nWIDTH {count}\nHEIGHT 1\nVIEWPOINT 0 0 0 1 0 0 0\n"
        f"POINTS {count}\nDATA {data}\n"
    ).encode()


def text(rows):
    return "".join(" ".join(map(str, row)) + "\n" for row in rows).encode()


@pytest.fixture
def read(tmp_path):
    def read(content):
        (tmp_path / "a.pcd").write_bytes(content)
        return read_pcd(tmp_path / "a.pcd", 0, np.random.default_rng(0))

    return read


def test_fields_are_found_by_name_in_any_order(read):
    rows = [[z, 0.5, x, y] for x, y, z in ROWS]
    found = read(header("z intensity x y", "FFFF", "4444") + text(rows))
    np.testing.assert_array_equal(found.points, ROWS)
    assert found.colors is None


@pytest.mark.parametrize(("name", "kind"), [("rgb", "F"), ("rgb", "U"), ("rgba", "U")])
def test_packed_colours_are_red_green_and_blue_bytes(read, name, kind):
    packed = np.array([0x0A141E, 0xFF0000, 0x00FF00, 0x0000FF], "<u4")
    table = np.rec.fromarrays([*np.array(ROWS, "<f4").T, packed])
    found = read(header(f"x y z {name}", f"FFF{kind}", "4444", "binary") + table.tobytes())
    expected = [[10, 20, 30], [255, 0, 0], [0, 255, 0], [0, 0, 255]]
    np.testing.assert_allclose(found.colors * 255, expected)


def test_points_that_the_camera_did_not_see_are_left_out_with_their_colours(read):
    rows = [["nan", "nan", "nan", 5], *([*row, 255] for row in ROWS[1:])]
    found = read(header("x y z rgb", "FFFU", "4444") + text(rows))
    np.testing.assert_array_equal(found.points, ROWS[1:])
    np.testing.assert_allclose(found.colors, [[0, 0, 1]] * 3)


def test_fewer_points_than_announced_are_refused(read):
    for data, body in (("ascii", text(ROWS)), ("binary", np.array(ROWS, "<f4").tobytes())):
        with pytest.raises(UserError, match="it announces 5 points, but holds 4"):
            read(header("x y z", "FFF", "444", data, 5) + body)


def test_fields_that_are_no_coordinates_are_refused(read):
    with pytest.raises(UserError, match="no fields x, y and z"):
        read(header("a b z", "FFF", "444") + text(ROWS))


def test_a_text_without_its_last_line_end_is_read_with_a_warning(read, caplog):
    np.testing.assert_array_equal(read(header("x y z", "FFF", "444") + text(ROWS)).points, ROWS)
    assert not caplog.text
    found = read(header("x y z", "FFF", "444") + text(ROWS)[:-1])
    np.testing.assert_array_equal(found.points, ROWS)
    assert "may be cut short" in caplog.text
