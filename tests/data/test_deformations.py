import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import RandomState

from pointclip.data.deformations import free_form, radial


CLOUD = RandomState(0).uniform(-1, 1, (60, 3))
SIDE = np.linspace(-1, 1, 5)
GRID = np.stack(np.meshgrid(SIDE, SIDE, SIDE), -1).reshape(-1, 3)
BASES = {
    "linear": lambda r: r,
    "multiquadric": lambda r: np.sqrt(r * r + 0.25),
    "inverse multiquadric": lambda r: 1 / np.sqrt(r * r + 0.25),
}


class Largest(RandomState):
    """Draws the upper end each time."""

    def rand(self, *size):
        return np.ones(size)


def test_control_points_that_move_alike_move_every_point_so_in_units_of_the_grids_side():
    np.testing.assert_allclose(free_form(CLOUD, 0.1, Largest()), CLOUD + 2 * 0.1)


@pytest.mark.parametrize("corner", [(0, 0, 0), (4, 0, 0), (0, 4, 0), (0, 0, 4), (4, 4, 4)])
def test_a_corner_of_the_grid_moves_as_its_control_point(corner):
    drawn = RandomState(3).rand(3, 5, 5, 5)[:, *corner] * 2 - 1
    point = np.array([[-1.0 if k == 0 else 1.0 for k in corner]])
    np.testing.assert_allclose(free_form(point, 0.3, RandomState(3)) - point, [2 * 0.3 * drawn])


def test_points_outside_of_the_grid_stay_where_they_are():
    outside = np.array([[1.001, 0, 0], [0, -5, 0], [0.5, 0.5, 2]])
    found = free_form(np.vstack([CLOUD, outside]), 0.3, RandomState(0))
    np.testing.assert_array_equal(found[-3:], outside)
    assert (found[:-3] != CLOUD).any(1).all()


@settings(max_examples=25)
@given(width=st.floats(0, 1), seed=st.integers(0, 999))
def test_no_point_moves_further_than_a_control_point_may(width, seed):
    moved = free_form(CLOUD, width, RandomState(seed)) - CLOUD
    assert np.abs(moved).max() <= 2 * width + 1e-12


@pytest.mark.parametrize("basis", BASES)
def test_a_grid_that_does_not_move_moves_nothing(basis):
    np.testing.assert_allclose(radial(CLOUD, 0.0, RandomState(0), BASES[basis]), CLOUD, atol=1e-7)


@pytest.mark.parametrize("basis", BASES)
def test_each_point_of_the_grid_moves_by_the_radius_in_a_direction_of_its_own(basis):
    moved = radial(GRID, 0.25, RandomState(0), BASES[basis]) - GRID
    np.testing.assert_allclose(np.linalg.norm(moved, axis=1), 0.25, atol=1e-6)
    assert len(np.unique(moved.round(5), axis=0)) == 125


def test_the_same_numbers_give_the_same_cloud():
    for deform in (free_form, lambda *given: radial(*given, BASES["linear"])):
        first, again, other = (deform(CLOUD, 0.2, RandomState(seed)) for seed in (1, 1, 2))
        assert np.array_equal(first, again) and not np.allclose(first, other)
