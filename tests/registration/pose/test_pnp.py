import numpy as np
import pytest

from pointclip.registration.camera import inverse, make_camera
from pointclip.registration.metrics import rotation_error, translation_error
from pointclip.registration.pose.pnp import opencv, poselib


@pytest.fixture
def problem(golden):
    camera = make_camera(golden["pnp/K"], 640, 480)
    return golden["pnp/pixels"], golden["pnp/points"], camera


def test_opencv_as_released_finds_the_released_pose(golden, problem):
    pytest.importorskip("cv2")
    pose, inliers = opencv(*problem, 10.0)
    assert np.abs(pose - golden["pnp/T"]).max() < 1e-3
    assert np.array_equal(np.flatnonzero(inliers), golden["pnp/inliers"])


def test_poselib_finds_the_true_pose_and_repeats(golden, problem):
    pose, inliers = poselib(*problem, 10.0)
    assert rotation_error(pose, golden["pnp/T_true"]) < 0.5
    assert translation_error(pose, golden["pnp/T_true"]) < 0.02
    assert len(np.intersect1d(np.flatnonzero(inliers), golden["pnp/inliers"])) > 30
    assert np.array_equal(pose, poselib(*problem, 10.0)[0])


@pytest.mark.parametrize("count", [0, 1, 3])
def test_few_matches_give_no_pose(problem, count):
    pixels, points, camera = problem
    assert poselib(pixels[:count], points[:count], camera, 10.0) is None


def test_a_pose_leads_from_the_camera_to_the_points():
    camera = make_camera([100, 100, 50, 50], 101, 101)
    rng = np.random.default_rng(0)
    seen = rng.uniform([-1, -1, 2], [1, 1, 4], (30, 3))
    pixels = seen[:, :2] / seen[:, 2:] * 100 + 50
    pose = np.eye(4)
    pose[:3, 3] = 1, 2, 3
    found, _ = poselib(pixels, seen + pose[:3, 3], camera, 2.0)
    assert np.allclose(found, pose, atol=1e-4)
    assert np.allclose(inverse(found) @ pose, np.eye(4), atol=1e-4)
