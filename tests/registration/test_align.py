import numpy as np
import pytest
from scenes import CAMERA, depth_of, pose, true_motion

from pointclip.registration.align import align, make_surface
from pointclip.registration.metrics import rotation_error, translation_error
from pointclip.registration.verify import agreement


HERE, THERE = pose(), pose(12, (0.25, 0.05, -0.2))


@pytest.fixture(scope="module")
def surfaces():
    cameras = [CAMERA.at(THERE), CAMERA.at(HERE)]
    return [make_surface(depth_of(c), CAMERA, 0.01, 10.0, 0.2, 0.05, 800) for c in cameras]


def off(true, degrees, metres):
    return pose(degrees, (metres, 0, metres)) @ true


def test_a_pose_nearby_is_pulled_to_the_true_one(surfaces):
    true = true_motion(THERE, HERE)
    starts = np.stack([off(true, 1, 0.03)[:3], off(true, -1.5, 0.04)[:3]])
    found = align(starts, *surfaces, [(0.25, 10), (0.1, 10)], 800)
    for one in found:
        whole = np.vstack([one, [0, 0, 0, 1]])
        assert rotation_error(whole, true) < 0.3
        assert translation_error(whole, true) < 0.01


def test_a_pose_that_meets_nothing_stays_as_it_is(surfaces):
    away = pose(0, (50, 0, 0))[None, :3]
    assert np.array_equal(align(away, *surfaces, [(0.2, 3)], 800), away)


def test_the_true_pose_agrees_best(surfaces):
    true = true_motion(THERE, HERE)
    poses = np.stack([off(true, *x)[:3] for x in ((0, 0), (6, 0.1), (40, 1.0), (180, 3.0))])
    scores = agreement(poses, *surfaces)
    assert scores[0] == scores.max() > 0.5
    assert (np.diff(scores[:3]) < 0).all() and scores[3] < 0.5 * scores[0]


def test_weights_of_a_wall_are_less_than_of_what_stands_before_it(surfaces):
    weights = surfaces[1].weights
    assert weights.mean() == pytest.approx(1) and weights.min() < 0.5 < 2 < weights.max()
