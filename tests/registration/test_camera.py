import numpy as np
import pytest

from pointclip.core.errors import UserError
from pointclip.registration.camera import (
    check_pose,
    inverse,
    lift,
    make_camera,
    pixel_grid,
    project,
    transform,
)


def test_lifted_pixels_project_back_to_themselves():
    camera = make_camera([518, 519, 325.5, 253.5], 640, 480)
    uv = np.array([[0.0, 0.0], [639, 479], [12.5, 300]])
    points = lift(uv, np.array([0.5, 3, 9.9]), camera)
    assert np.allclose(project(points, camera), uv)
    assert np.allclose(points[:, 2], [0.5, 3, 9.9])


def test_a_matrix_and_four_numbers_are_the_same_camera():
    four = make_camera([10, 20, 3, 4], 8, 8)
    assert make_camera(four.matrix, 8, 8) == four


def test_a_resized_camera_sees_the_same_field():
    camera = make_camera([100, 100, 31.5, 23.5], 64, 48)
    half = camera.resized(32, 24)
    corners = np.array([[-0.5, -0.5], [63.5, 47.5]])
    rays = lift(corners, np.ones(2), camera)
    assert np.allclose(project(rays, half), [[-0.5, -0.5], [31.5, 23.5]])


def test_the_grid_holds_column_then_row():
    grid = pixel_grid(make_camera([1, 1, 0, 0], 3, 2))
    assert grid.shape == (2, 3, 2)
    assert grid[1, 2].tolist() == [2, 1]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([518, 519, 325.5], "four numbers"),
        ([518, float("nan"), 3, 3], "four numbers"),
        ([-518, 519, 3, 3], "must be positive, not -518 and 519"),
        ([518, 519, 325.5, 253.5], "outside the image of 320 x 240"),
    ],
)
def test_wrong_intrinsics_are_told_in_a_sentence(given, words):
    with pytest.raises(UserError, match=words):
        make_camera(given, 320, 240)


def test_a_pose_is_made_exactly_rigid_and_inverted():
    pose = np.eye(4)
    pose[:3, :3] = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]]) + 1e-4
    pose[:3, 3] = 1, 2, 3
    exact = check_pose(pose)
    assert np.allclose(exact[:3, :3] @ exact[:3, :3].T, np.eye(3), atol=1e-12)
    point = np.array([[0.3, -2, 5]])
    assert np.allclose(transform(inverse(exact), transform(exact, point)), point)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (np.diag([1, 1, -1, 1]), "determinant is -1"),
        (np.diag([2, 2, 2, 1]), "no rotation"),
        (np.diag([1, 1, 1, 2]), "last row"),
        (np.full((4, 4), np.nan), "finite"),
        (np.eye(3), "4x4"),
    ],
)
def test_what_is_no_rigid_motion_is_told(change, words):
    with pytest.raises(UserError, match=words):
        check_pose(change.astype(float), "The pose in x.txt")
