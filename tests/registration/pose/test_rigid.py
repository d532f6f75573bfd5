import numpy as np
import pytest

from pointclip.registration.camera import transform
from pointclip.registration.pose.rigid import fit, refit


def test_refits_equal_the_release(golden):
    source, target = golden["refit/source"], golden["refit/target"]
    first, inlier = refit(source, target, golden["refit/T0"], 0.4, with_scale=True)
    assert np.abs(first - golden["refit/T1"]).max() < 1e-9
    assert np.array_equal(np.flatnonzero(inlier), golden["refit/inliers1"])
    assert np.cbrt(np.linalg.det(first[:3, :3])) == pytest.approx(golden["refit/scale1"])
    second, inlier = refit(source, target, first, 0.2, with_scale=True)
    assert np.abs(second - golden["refit/T2"]).max() < 1e-9
    assert np.array_equal(np.flatnonzero(inlier), golden["refit/inliers2"])
    assert np.cbrt(np.linalg.det(second[:3, :3])) == pytest.approx(golden["refit/scale2"])
    rigid, inlier = refit(source, target, golden["refit/T0"], 0.4)
    assert np.abs(rigid - golden["refit/T1_rigid"]).max() < 1e-9
    assert np.array_equal(np.flatnonzero(inlier), golden["refit/inliers1_rigid"])


def test_no_mirror_image_is_returned():
    points = np.random.default_rng(0).random((20, 3))
    mirrored = points * [1, 1, -1]
    assert np.linalg.det(fit(points, mirrored)[:3, :3]) == pytest.approx(1)


def test_collinear_and_equal_points_give_a_rigid_motion():
    line = np.linspace(0, 1, 5)[:, None] * [[1.0, 2, 3]]
    for points in (line, np.zeros((4, 3))):
        pose = fit(points, points + 1, with_scale=True)
        assert np.isfinite(pose).all()
        assert np.allclose(transform(pose, points), points + 1)


def test_too_few_inliers_leave_the_pose():
    pose, inlier = refit(np.zeros((5, 3)), np.ones((5, 3)), np.eye(4), 0.1)
    assert np.array_equal(pose, np.eye(4)) and not inlier.any()
