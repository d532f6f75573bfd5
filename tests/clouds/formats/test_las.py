import struct

import laspy
import numpy as np
import pytest

from pointclip.clouds.formats import las
from pointclip.clouds.formats.las import read_las
from pointclip.core.errors import UserError


POINTS = np.random.default_rng(0).integers(-9999, 9999, (60, 3)) / 100
OFFSET = np.array([1000.0, 2000, -50])
RGB = np.random.default_rng(1).integers(1, 256, (60, 3)).astype(np.uint16)


def write(path, point_format=3, version="1.2", colors=RGB):
    file = laspy.create(point_format=point_format, file_version=version)
    file.header.scales, file.header.offsets = [0.01] * 3, OFFSET
    file.x, file.y, file.z = (POINTS + OFFSET).T
    if colors is not None:
        file.red, file.green, file.blue = colors.T
    file.write(path)
    return path


def read(path):
    return read_las(path, 0, np.random.default_rng(0))


def change(path, at, form, value):
    data = bytearray(path.read_bytes())
    struct.pack_into(form, data, at, value)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", ["a.las", "a.laz"])
@pytest.mark.parametrize(("point_format", "version"), [(3, "1.2"), (7, "1.4")])
def test_coordinates_are_scaled_and_shifted_as_the_header_says(
    tmp_path, name, point_format, version
):
    found = read(write(tmp_path / name, point_format, version))
    np.testing.assert_allclose(found.points, POINTS + OFFSET, atol=1e-9)


def test_colours_of_8_and_of_16_bits_are_the_same(tmp_path):
    for factor in (1, 257):
        found = read(write(tmp_path / "a.las", colors=RGB * factor))
        np.testing.assert_allclose(found.colors, RGB / 255)


def test_a_format_without_colours_has_none(tmp_path):
    assert read(write(tmp_path / "a.las", 1, colors=None)).colors is None


def test_points_are_the_same_however_they_are_blocked(tmp_path, monkeypatch):
    path = write(tmp_path / "a.laz")
    whole = read(path)
    monkeypatch.setattr(las, "BLOCK_BYTES", 7 * 34)  # seven points
    np.testing.assert_array_equal(read(path).points, whole.points)


@pytest.mark.parametrize(("point_format", "version"), [(3, "1.2"), (7, "1.4")])
def test_a_file_that_is_cut_short_is_refused(tmp_path, point_format, version):
    path = write(tmp_path / "a.las", point_format, version)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UserError, match="it announces 60 points, but is cut short"):
        read(path)


@pytest.mark.parametrize("name", ["a.las", "a.laz"])
def test_more_points_than_a_file_of_its_size_can_hold_are_refused(tmp_path, name):
    path = change(write(tmp_path / name), 107, "<I", 10**9)
    with pytest.raises(UserError, match="it announces 1000000000 points"):
        read(path)


def test_the_64_bit_count_of_version_1_4_is_compared_too(tmp_path):
    path = change(write(tmp_path / "a.las", 7, "1.4"), 247, "<Q", 10**15)
    with pytest.raises(UserError, match="it announces 1000000000000000 points"):
        read(path)


def test_a_file_of_another_kind_is_refused(tmp_path):
    (tmp_path / "a.las").write_bytes(b"no survey" * 99)
    with pytest.raises(UserError, match="does not begin with 'LASF'"):
        read(tmp_path / "a.las")
