import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pointclip.clouds.colors import to_srgb
from pointclip.clouds.formats import gltf_paint
from pointclip.clouds.formats.gltf_paint import (
    GltfPaint,
    Surface,
    base_color,
    nearest_texels,
    read_image,
)


# A row of black and red over a row of green and blue.
TEXELS = np.array([[[0, 0, 0], [255, 0, 0]], [[0, 255, 0], [0, 0, 255]]], np.uint8)
TRIANGLE = np.array([[0, 1, 2]])
NO_PLACE = np.zeros((3, 2))


def picture(texels=TEXELS, kind="PNG"):
    data = io.BytesIO()
    Image.fromarray(texels).save(data, kind)
    return data.getvalue()


def test_the_upper_left_corner_is_zero_and_the_second_number_goes_down():
    uv = np.array([[0.1, 0.1], [0.9, 0.1], [0.1, 0.9], [0.9, 0.9]])
    expected = [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]
    np.testing.assert_array_equal(nearest_texels(TEXELS, uv), expected)


@given(st.floats(0, 0.999), st.floats(0, 0.999), st.integers(-4, 4), st.integers(-4, 4))
def test_a_texture_repeats_beyond_its_borders(u, v, right, down):
    u, v = round(u, 3), round(v, 3)
    if min(abs(x - 0.5) for x in (u, v)) < 1e-6 or 0 in (u, v):
        return
    here, there = np.array([[u, v]]), np.array([[u + right, v + down]])
    np.testing.assert_array_equal(nearest_texels(TEXELS, there), nearest_texels(TEXELS, here))


def test_places_that_are_no_numbers_or_just_below_a_border_have_a_texel():
    uv = np.array([[np.nan, np.inf], [-1e-20, -1e-20], [1, 1]])
    assert nearest_texels(TEXELS, uv).shape == (3, 3)


def test_light_between_corners_is_weighted_before_it_is_made_srgb():
    surface = Surface(np.eye(3), NO_PLACE)
    weights = np.array([[1, 0, 0], [0.5, 0.25, 0.25]])
    found = GltfPaint([surface], [TRIANGLE])(np.array([0, 0]), weights)
    np.testing.assert_allclose(found, to_srgb(weights))


def test_triangles_are_counted_through_all_surfaces():
    light = [np.tile(color, (3, 1)).astype(float) for color in np.eye(3)]
    surfaces = [Surface(one, NO_PLACE) for one in light]
    counts = (2, 0, 3)
    paint = GltfPaint(surfaces, [np.repeat(TRIANGLE, n, axis=0) for n in counts])
    found = paint(np.array([4, 1, 2, 0]), np.full((4, 3), 1 / 3))
    np.testing.assert_allclose(found, np.eye(3)[[2, 0, 2, 0]])


def test_a_texture_is_multiplied_as_light_at_the_place_between_the_corners():
    uv = np.array([[0.5, 0.0], [1.0, 0.0], [1.0, 0.5]])  # the red texel
    surface = Surface(np.full((3, 3), 0.25), uv, picture)
    found = GltfPaint([surface], [TRIANGLE])(np.array([0]), np.full((1, 3), 1 / 3))
    np.testing.assert_allclose(found, [to_srgb(np.array([0.25, 0, 0]))])


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_picture_is_read_as_red_green_and_blue(kind):
    grey = np.full((4, 6), 77, np.uint8)
    np.testing.assert_allclose(read_image(lambda: picture(grey, kind)), 77, atol=1)


@pytest.mark.parametrize("what", ["another format", "too many texels", "no bytes"])
def test_a_picture_that_cannot_be_read_is_left_out_with_a_warning(what, caplog, monkeypatch):
    monkeypatch.setattr(gltf_paint, "MAX_TEXELS", 3 if "texels" in what else 4)
    data = {"another format": picture(kind="GIF"), "too many texels": picture(), "no bytes": b""}
    assert read_image(lambda: data[what]) is None
    assert "colours are without it" in caplog.text
    caplog.clear()
    if "texels" not in what:
        assert read_image(picture) is not None and not caplog.text


def test_a_material_that_says_nothing_is_white_and_factors_are_kept_within_bounds():
    factor, texture = base_color({})
    assert factor.tolist() == [1, 1, 1] and texture == {}
    look = {"baseColorFactor": [2, -1, 0.5, 0.1], "baseColorTexture": {"index": 7}}
    factor, texture = base_color({"pbrMetallicRoughness": look})
    assert factor.tolist() == [1, 0, 0.5] and texture["index"] == 7
