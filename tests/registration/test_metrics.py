import numpy as np
import pytest

from pointclip.core.errors import UserError
from pointclip.registration.camera import make_camera
from pointclip.registration.keypoints import lift_keypoints
from pointclip.registration.metrics import (
    MATCHED_RATIO,
    judge_matches,
    rotation_error,
    success,
    swap_kitti_axes,
    translation_error,
)


CASES = (
    "good",
    "rotation_fails",
    "rotation_just_passes",
    "ir_exactly_5_percent",
    "no_inlier",
    "two_evaluable",
    "none_evaluable",
)


def judge(golden, case, protocol):
    ends = []
    depths = golden["eval/rgb_gt_depth"], golden["eval/depth_gt_depth_mm"] / 1000
    matches = golden[f"eval/{case}/matches"].astype(int)
    for side, depth, column in zip(("rgb", "depth"), depths, matches.T, strict=True):
        width, height = map(int, golden[f"pair/{side}_size_wh"])
        camera = make_camera(golden[f"pair/{side}_K"], width, height)
        uv = golden[f"pair/{side}_uv"].astype(int)[column]
        ends.append(lift_keypoints(uv, depth, camera, 0.01, 5.0))
    return judge_matches(*ends, golden["eval/gt"], protocol)


@pytest.mark.parametrize("case", CASES)
def test_released_scores_equal_the_release(golden, case):
    score = judge(golden, case, "released")
    assert score.inlier_ratio == golden[f"eval/{case}/ir"]
    assert score.inlier_number == golden[f"eval/{case}/in"]
    assert score.judged == golden[f"eval/{case}/n_evaluable"]
    pose, true = golden[f"eval/{case}/T"], golden["eval/gt"]
    assert abs(rotation_error(pose, true) - golden[f"eval/{case}/re_deg"]) < 1e-5
    assert abs(translation_error(pose, true) - golden[f"eval/{case}/te_m"]) < 1e-9


def test_released_recalls_are_those_of_the_message(golden):
    scores = {case: judge(golden, case, "released") for case in CASES}
    assert sum(s.inlier_ratio > MATCHED_RATIO for s in scores.values()) == 5
    errors = {c: (golden[f"eval/{c}/T"], golden["eval/gt"]) for c in CASES}
    good = [
        success(rotation_error(*e), translation_error(*e), (20.0, 0.5)) for e in errors.values()
    ]
    assert sum(good) == 4


def test_ours_counts_too_few_matches_as_a_failure(golden):
    for case in ("two_evaluable", "none_evaluable"):
        assert judge(golden, case, "plain").inlier_ratio == 0
    assert judge(golden, "good", "plain") == judge(golden, "good", "released")


def test_rotation_errors_equal_the_release_up_to_180_degrees(golden):
    for i, a in enumerate(golden["rotation/R"]):
        for j, b in enumerate(golden["rotation/R"]):
            first, second = np.eye(4), np.eye(4)
            first[:3, :3], second[:3, :3] = a, b
            error = rotation_error(first, second)
            assert abs(error - golden["rotation/error_deg"][i, j]) < 1e-5


def test_small_rotations_are_exact():
    for degrees in (1e-6, 0.5, 90, 179.9999, 180):
        a = np.radians(degrees)
        turned = np.eye(4)
        turned[:2, :2] = [[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]
        assert rotation_error(turned, np.eye(4)) == pytest.approx(degrees, rel=1e-6)


def test_kitti_axes_are_swapped_as_released(golden):
    assert np.array_equal(swap_kitti_axes(golden["kitti_gt/in"]), golden["kitti_gt/out"])


def test_no_pose_is_no_success_and_a_protocol_must_be_known():
    assert not success(float("nan"), float("nan"), (20.0, 0.5))
    assert not success(0.0, 0.5, (20.0, 0.5))
    with pytest.raises(UserError, match="plain, released"):
        judge_matches(np.zeros((1, 3)), np.zeros((1, 3)), np.eye(4), "kind")
