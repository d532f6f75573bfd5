import numpy as np
import pytest
from scenes import CAMERA, depth_of

from pointclip.core.errors import UserError
from pointclip.registration.keypoints import (
    LOOKUP_CELL,
    Keypoints,
    choose_keypoints,
    grid,
    lift_keypoints,
    resized_size,
)


def test_sizes_equal_the_release(golden):
    pairs = zip(golden["resize/sizes_in_wh"], golden["resize/sizes_out_wh"], strict=True)
    for before, after in pairs:
        assert resized_size(*map(int, before)) == tuple(after)


@pytest.mark.parametrize("size", ["640x480", "1296x968", "1242x225", "540x360"])
def test_the_grid_equals_the_release(golden, size):
    assert np.array_equal(grid(*map(int, size.split("x"))), golden[f"grid/{size}_uv"])


def test_random_keypoints_are_distinct_pixels_and_repeat():
    uv = choose_keypoints(20, 10, 150, seed=3)
    assert len({tuple(pixel) for pixel in uv}) == 150
    assert (uv >= 0).all() and (uv < [20, 10]).all()
    assert np.array_equal(uv, choose_keypoints(20, 10, 150, seed=3))


@pytest.mark.parametrize("choice", ["all", 0, 201])
def test_other_choices_are_told(choice):
    with pytest.raises(UserError, match=f"'{choice}' are neither 'grid'"):
        choose_keypoints(20, 10, choice, seed=0)


def test_a_keypoint_without_valid_depth_has_no_point():
    depth = depth_of(CAMERA)
    depth[10, 20], depth[11, 21] = 0, 50
    uv = np.array([[20, 10], [21, 11], [80, 60]])
    keypoints = Keypoints(uv, lift_keypoints(uv, depth, CAMERA, 0.01, 10.0), CAMERA)
    assert keypoints.known.tolist() == [False, False, True]


def test_the_lookup_names_the_nearest_keypoint():
    uv = np.array([[5, 5], [100, 60], [159, 119]])
    lookup = Keypoints(uv, np.ones((3, 3)), CAMERA).nearest
    assert lookup.shape == (120 // LOOKUP_CELL, 160 // LOOKUP_CELL)
    assert lookup[0, 0] == 0 and lookup[7, 12] == 1 and lookup[-1, -1] == 2
