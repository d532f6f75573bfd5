import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pointclip.segmentation.ceiling import perfect_parts
from pointclip.segmentation.patches import Patches


# In a depth map of 4 x 4 pixels with 2 x 2 cells, each corner pixel reads its cell alone.
CORNERS = np.array([[0, 0], [0, 3], [3, 0], [3, 3]])


def patches(pixels, seen=None, side=4, cells=2):
    pixels = np.asarray(pixels)
    seen = np.ones(pixels.shape[:2], bool) if seen is None else np.asarray(seen)
    bare = torch.zeros(len(pixels), 1, cells, cells)
    geometry = np.zeros((pixels.shape[1], 10), np.float32)
    return Patches(bare, pixels, seen, seen, geometry, side, side)


def line(count):
    return np.arange(count)[:, None] * np.array([[1.0, 0, 0]])


def test_points_of_a_cell_get_the_part_that_most_of_them_have():
    truth = np.array([0, 1, 1, 2, 2])
    shape = patches([CORNERS[[0, 0, 0, 1, 1]]])
    assert perfect_parts(line(5), truth, shape, 3).tolist() == [1, 1, 1, 2, 2]


def test_views_are_counted_together_so_that_one_may_tell_apart_what_another_does_not():
    truth = np.array([0, 1, 0, 1])
    together, apart = CORNERS[[0, 0, 0, 0]], CORNERS[[0, 1, 0, 1]]
    assert perfect_parts(line(4), truth, patches([together, apart]), 2).tolist() == truth.tolist()


def test_a_view_says_nothing_about_points_that_it_does_not_see():
    truth = np.array([0, 0, 1])
    shape = patches([CORNERS[[0, 0, 0]], CORNERS[[0, 0, 3]]], [[True] * 2 + [False], [True] * 3])
    assert perfect_parts(line(3), truth, shape, 2).tolist() == [0, 0, 1]


def test_a_point_that_no_view_sees_takes_the_part_of_the_nearest_that_is_seen():
    truth = np.array([0, 1, 0, 0])
    shape = patches([CORNERS], [[True, True, False, False]])
    points = np.array([[0.0, 0, 0], [1, 0, 0], [0.9, 0, 0], [0.2, 0, 0]])
    assert perfect_parts(points, truth, shape, 2).tolist() == [0, 1, 1, 0]


@settings(max_examples=25)
@given(parts=st.integers(1, 5), seed=st.integers(0, 999))
def test_cells_of_one_part_each_give_the_truth(parts, seed):
    rng = np.random.default_rng(seed)
    of_cell = rng.integers(0, parts, 4)
    cell = rng.integers(0, 4, 30)
    found = perfect_parts(line(30), of_cell[cell], patches([CORNERS[cell]]), parts)
    assert np.array_equal(found, of_cell[cell])


def test_the_last_pixel_of_any_size_lies_in_the_last_cell():
    for side, cells in ((5, 2), (7, 3), (110, 7)):
        pixels = [[[side - 1, side - 1], [0, 0]]]
        found = perfect_parts(line(2), np.array([0, 1]), patches(pixels, None, side, cells), 2)
        assert found.tolist() == [0, 1]
