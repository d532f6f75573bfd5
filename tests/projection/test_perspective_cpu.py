"""By hand; `test_render_cpu.py` and `test_dots.py` compare with `render_torch` and the images."""

import numpy as np
import pytest

from pointclip.projection.perspective_cpu import BIT_OF, perspective, perspective_dots


HERE = np.eye(3, dtype=np.float32)[None]


def dots(clouds, size=4, splat=1, start=0):
    """Pixel -> value of each image, one metre before the camera, for views that are not turned."""
    points = np.array(clouds, np.float32)
    items, most = len(points), points.shape[1] * splat * splat
    pixels, values = np.full((items, most), -1, np.int32), np.zeros((items, most), np.float32)
    counts = np.zeros(items, np.int64)
    distance = np.float32(1)
    perspective_dots(points, HERE, pixels, values, counts, start, items, size, splat, distance)
    return [
        dict(zip(p[:n].tolist(), v[:n].tolist(), strict=True))
        for p, v, n in zip(pixels, values, counts, strict=True)
    ]


def test_a_point_is_at_its_row_and_column_with_its_depth():
    # Row (-0.25 / 0.5 + 1) * 4 / 2 = 1, column 2, both rounded up from half a pixel before.
    assert dots([[[-0.25, 0, -0.5]]]) == [{1 * 4 + 2: 0.5}]


def test_a_pixel_of_several_points_has_the_harmonic_mean_of_their_depths():
    ((pixel, value),) = dots([[[0, 0, 0], [0, 0, 2]]])[0].items()
    assert pixel == 10 and value == pytest.approx(2 / (1 / 1 + 1 / 3))


def test_points_behind_the_camera_or_beside_the_image_are_left_out():
    assert dots([[[0, 0, -2], [9, 0, 0], [0, -9, 0]]]) == [{}]


def test_a_splat_is_a_square_of_pixels():
    assert sorted(dots([[[0, 0, 0]]], splat=2)[0]) == [5, 6, 9, 10]


def test_pixels_come_in_ascending_order_and_nothing_of_one_image_is_left_in_the_next():
    clouds = np.random.default_rng(0).uniform(-0.9, 0.9, (3, 200, 3))
    found = dots(clouds, size=16)
    for image, cloud in zip(found, clouds, strict=True):
        assert list(image) == sorted(image)
        assert dots([cloud], size=16) == [image]
    assert dots(clouds, size=16, start=1)[0] == {}


def test_images_hold_the_dots_and_zeros_elsewhere():
    clouds = np.random.default_rng(1).uniform(-0.9, 0.9, (2, 50, 3)).astype(np.float32)
    images = np.zeros((2, 9, 9), np.float32)
    perspective(clouds, HERE, images, 0, 2, 2, np.float32(1))
    for image, expected in zip(images, dots(clouds, size=9, splat=2), strict=True):
        assert {k: v for k, v in enumerate(image.ravel().tolist()) if v} == expected


def test_every_bit_of_a_word_is_found_again():
    assert sorted(BIT_OF) == list(range(64))
