import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pointclip.clouds.formats.ply_elements import Element, FaceWalker, Property
from pointclip.core.errors import UserError


def prop(name, kind="<f4", length=None):
    return Property(name, np.dtype(kind), length and np.dtype(length))


FACE = Element("face", 0, [prop("vertex_indices", "<i4", "u1")])
WIDE = Element(
    "face",
    0,
    [prop("uv", "<f4", "<u2"), prop("vertex_index", "<u4", "u1"), prop("flag", "<i2")],
)


def binary(polygons):
    packed = b"".join(struct.pack(f"<B{len(p)}i", len(p), *p) for p in polygons)
    return np.frombuffer(packed, np.uint8)


def text(polygons):
    return np.array([x for p in polygons for x in (len(p), *p)], np.float64)


def wide(polygons):
    """With a list of other numbers before the corners, and a number behind them."""
    packed = b""
    for p in polygons:
        packed += struct.pack(f"<H{len(p) % 3}f", len(p) % 3, *range(len(p) % 3))
        packed += struct.pack(f"<B{len(p)}Ih", len(p), *p, 5)
    return np.frombuffer(packed, np.uint8)


def fans(polygons):
    return [[p[0], p[i], p[i + 1]] for p in polygons for i in range(1, len(p) - 1)]


POLYGONS = st.one_of(
    st.lists(st.lists(st.integers(0, 99), max_size=6), min_size=1, max_size=12),
    st.lists(st.lists(st.integers(0, 99), min_size=4, max_size=4), min_size=1, max_size=12),
)


@settings(max_examples=60)
@given(POLYGONS, st.integers(0, 12))
def test_triangles_are_the_fans_of_the_polygons_in_every_layout_and_in_any_portions(polygons, cut):
    for face, data in (
        (FACE, binary(polygons)),
        (FACE, text(polygons)),
        (WIDE, wide(polygons)),
    ):
        walker = FaceWalker(face, data)
        first = min(cut, len(polygons) - 1)
        portions = [walker.read(n) for n in (first, len(polygons) - first) if n]
        assert np.concatenate(portions).tolist() == fans(polygons)


@pytest.mark.parametrize("layout", [binary, text])
@pytest.mark.parametrize("last", [[0, 1, 2], [0, 1, 2, 3]])
def test_faces_that_end_early_are_refused(layout, last):
    data = layout([[0, 1, 2], last])
    for missing in range(1, len(layout([last])) + 1):
        with pytest.raises(UserError, match="cut short"):
            FaceWalker(FACE, data[:-missing]).read(2)


def test_a_length_that_no_face_has_is_refused():
    signed = Element("face", 0, [prop("vertex_indices", "<i4", "i1")])
    with pytest.raises(UserError, match="a face with -1 corners"):
        FaceWalker(signed, np.frombuffer(b"\xff" * 9, np.uint8)).read(1)
    with pytest.raises(UserError, match="a face with 1000000 corners"):
        FaceWalker(FACE, np.array([1e6, 1, 2])).read(1)


@pytest.mark.parametrize(
    "properties",
    [
        [prop("vertex_indices", "<i4")],
        [prop("vertex_indices", "<f4", "u1")],
        [prop("vertex_indices", "<i4", "u1"), prop("vertex_index", "<i4", "u1")],
    ],
    ids=["no list", "a list of fractions", "two lists"],
)
def test_faces_need_one_list_of_whole_corners(properties):
    with pytest.raises(UserError, match="no list of corners"):
        FaceWalker(Element("face", 1, properties), np.zeros(9))


def test_coordinates_and_colours_are_found_by_name():
    names = ["blue", "y", "nx", "Red", "x", "z", "green"]
    assert Element("vertex", 1, list(map(prop, names))).columns() == [4, 1, 5, 3, 6, 0]
    assert Element("vertex", 1, list(map(prop, ["z", "y", "x", "red"]))).columns() == [2, 1, 0]
    for bad in ([prop("x"), prop("y")], [*map(prop, "xyz"), prop("extra", "<i4", "u1")]):
        with pytest.raises(UserError, match="no plain x, y and z"):
            Element("vertex", 1, bad).columns()


def test_the_largest_colour_is_that_of_an_unsigned_type():
    def largest(kind):
        colors = [prop(name, kind) for name in ("red", "green", "blue")]
        return Element("vertex", 1, [*map(prop, "xyz"), *colors]).largest_color()

    assert [largest(kind) for kind in ("u1", "<u2", "<f4", "<i4")] == [255, 65535, None, None]
    assert Element("vertex", 1, list(map(prop, "xyz"))).largest_color() is None


def test_sizes_count_every_number_and_of_a_list_its_length():
    element = Element("vertex", 1, [prop("x"), prop("x", "<f8"), prop("list", "<i4", "<u2")])
    assert element.least_bytes == 4 + 8 + 2 and element.has_lists
    assert Element("vertex", 1, [prop("x"), prop("x", "<f8")]).dtype.itemsize == 12
