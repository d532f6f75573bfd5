import numpy as np
import pytest
from scenes import pose

from pointclip.registration.camera import transform
from pointclip.registration.metrics import rotation_error, translation_error


pytest.importorskip("kiss_matcher")
TRUE = pose(35, (0.5, -0.2, 0.3))
POINTS = np.random.default_rng(0).uniform(-2, 2, (60, 3))


def solve(*given):
    from pointclip.registration.pose.kiss import solve

    return solve(*given)


def test_the_motion_leads_from_the_source_to_the_target_though_half_of_the_matches_are_wrong():
    target = transform(TRUE, POINTS)
    target[30:] = np.random.default_rng(1).uniform(-2, 2, (30, 3))
    found = solve(POINTS, target, 0.05)
    assert rotation_error(found, TRUE) < 0.5 and translation_error(found, TRUE) < 0.02


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_than_three_matches_give_no_pose(count):
    assert solve(POINTS[:count], transform(TRUE, POINTS[:count]), 0.05) is None


def test_right_matches_on_a_line_give_no_pose():
    line = np.linspace(-1, 1, 40)[:, None] * [[1.0, 0.5, 0.2]]
    assert solve(line, transform(TRUE, line), 0.05) is None


def test_a_mirror_image_gives_no_mirroring():
    found = solve(POINTS, POINTS * [1, 1, -1], 0.05)
    assert found is None or np.linalg.det(found[:3, :3]) == pytest.approx(1)
