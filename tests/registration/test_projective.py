import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenes import pose

from pointclip.registration.align import _motions
from pointclip.registration.camera import inverse, transform
from pointclip.registration.projective import NEAREST, accumulate, agree, meet


INTRINSICS = np.array([2.0, 2, 2, 2])
WALL = np.full((5, 5), 2, np.float32)
HERE = np.eye(4)[None, :3]
TOWARD = np.array([[0.0, 0, -1]])
SLANTED = np.array([[0.48, 0.36, -0.8]])


def counts_of(point, depth=WALL, poses=HERE, backward=False, weight=3.0):
    """On, before and behind the wall at 2 m, within 0.2 m as far as 1 m away."""
    counts, points = np.zeros((len(poses), 3)), np.array([point], float)
    weights = np.full(1, weight)
    agree(points, weights, poses, depth, INTRINSICS, 0.2, 1.0, backward, counts)
    return counts


def step_of(point, normal=TOWARD, poses=HERE, depth=WALL, backward=False):
    hessian, gradient, partners = np.zeros((1, 6, 6)), np.zeros((1, 6)), np.zeros(1)
    points = np.array([point], float)
    accumulate(points, normal, poses, depth, INTRINSICS, 0.2, backward, hessian, gradient, partners)
    return hessian[0], gradient[0], partners[0]


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        ([0, 0, 2], [3, 0, 0]),
        ([0, 0, 2.2], [3 * (1 - (0.2 / 0.44) ** 2), 0, 0]),
        ([0, 0, 1], [0, 3, 0]),
        ([0, 0, 4], [0, 0, 3]),
        ([2.4, 0, 2], [3, 0, 0]),  # lands in the last column
        ([2.6, 0, 2], [0, 0, 0]),  # right of the image
        ([0, -2.6, 2], [0, 0, 0]),
        ([0, 0, -2], [0, 0, 0]),
        ([0, 0, NEAREST / 2], [0, 0, 0]),
        ([0, 0, np.nan], [0, 0, 0]),
    ],
)
def test_a_point_counts_on_before_or_behind_the_surface_or_not_at_all(point, expected):
    np.testing.assert_allclose(counts_of(point)[0], expected)


@pytest.mark.parametrize("depth", [0, -1, np.nan])
def test_a_pixel_without_depth_says_nothing(depth):
    bare = np.full((5, 5), depth, np.float32)
    assert not counts_of([0, 0, 2], bare).any()
    assert step_of([0, 0, 2], depth=bare)[2] == 0


@settings(max_examples=50)
@given(
    st.lists(st.floats(-1, 1), min_size=3, max_size=3),
    st.floats(-60, 60),
    st.lists(st.floats(-1, 1), min_size=3, max_size=3),
)
def test_backward_is_forward_by_the_inverse_pose(point, degrees, shift):
    motion = pose(degrees, tuple(shift))
    point = np.add(point, [0, 0, 2])
    depth = (2 + np.arange(25).reshape(5, 5) / 50).astype(np.float32)
    there = counts_of(point, depth, motion[None, :3], backward=True)
    back = counts_of(point, depth, inverse(motion)[None, :3])
    np.testing.assert_allclose(there, back, atol=1e-6)


def test_one_point_gives_the_gauss_newton_row_of_its_distance_to_the_plane():
    hessian, gradient, partners = step_of([1, 0, 2.1])
    weight = (1 - 0.1**2 / 0.2**2) ** 2
    row = np.array([0, 1, 0, 0, 0, -1])  # the point times the normal, then the normal
    np.testing.assert_allclose(hessian, weight * np.outer(row, row), atol=1e-12)
    np.testing.assert_allclose(gradient, weight * row * 0.1, atol=1e-12)
    assert partners == 1


def test_a_partner_beyond_the_limit_takes_no_part():
    assert step_of([0, 0, 2.19])[2] == 1
    assert step_of([0, 0, 2.21])[2] == 0


@pytest.mark.parametrize("backward", [False, True])
def test_a_step_moves_the_query_onto_the_plane_in_both_directions(backward):
    motion = pose(1, (0.01, 0.02, 0.05))
    point, partner = np.array([1.0, 0, 2]), np.array([1.0, 0, 2])  # of the wall's fourth column
    hessian, gradient, partners = step_of(point, SLANTED, motion[None, :3], backward=backward)
    assert partners == 1
    step = np.linalg.pinv(hessian) @ gradient
    moved = np.vstack([_motions(step[None])[0], [0, 0, 0, 1]]) @ motion

    def distance(motion):
        if backward:
            return abs((transform(motion, partner) - point) @ SLANTED[0])
        return abs((transform(motion, point) - partner) @ motion[:3, :3] @ SLANTED[0])

    assert distance(moved) < 0.1 * distance(motion)


def meeting(point, other, lookup=0, limit=0.2):
    """How alike two key-points are, whose features are 5 apart."""
    nearest = np.full((3, 3), lookup)
    sums = np.zeros(1)
    meet(
        np.array([point], float), np.array([other], float),
        np.array([[0.0, 0]]), np.array([[3.0, 4]]),
        np.array([[7.0, 2]]), np.array([[8.0, 1]]),
        HERE, nearest, 0.5, INTRINSICS, limit, False, sums,
    )  # fmt: skip
    return sums[0]


def test_key_points_that_meet_are_alike_by_their_standard_deviations_below_the_mean():
    assert meeting([0, 0, 2], [0, 0.1, 2]) == pytest.approx(((7 - 5) / 2 + (8 - 5) / 1) / 2)


@pytest.mark.parametrize(
    ("point", "other", "lookup"),
    [
        ([0, 0, 2], [0, 0.3, 2], 0),  # too far apart
        ([0, 0, 2], [0, 0, 2], -1),  # none is near this pixel
        ([0, 0, np.nan], [0, 0, 2], 0),
        ([0, 0, 2], [0, 0, np.nan], 0),
        ([9, 0, 2], [9, 0, 2], 0),  # outside of the image
    ],
)
def test_key_points_that_do_not_meet_count_nothing(point, other, lookup):
    assert meeting(point, other, lookup) == 0
