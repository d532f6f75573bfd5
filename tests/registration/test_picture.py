from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scenes import CAMERA, pose

from pointclip.registration.picture import Picture, choose_pairs


UV = np.zeros((3, 2), int)
PICTURE = Picture(
    name="room/0-1",
    photo=np.zeros((2, 2, 3), np.uint8),
    photo_camera=CAMERA,
    depth=np.ones((2, 2), np.float32),
    cloud=np.zeros((1, 3)),
    query_uv=UV,
    target_uv=UV,
    inliers=np.array([True, False, False]),
    right=np.array([True, True, False]),
    pose=pose(10),
    true=pose(),
)


def test_a_caption_counts_matches_that_are_right_by_the_truth_and_says_the_errors():
    assert PICTURE.caption == "room/0-1: 2 of 3 matches are right, pose off by 10.0° and 0 cm"
    moved = replace(PICTURE, pose=pose(0, (0.3, 0, 0.4)))
    assert moved.caption.endswith("pose off by 0.0° and 50 cm")


def test_without_the_truth_the_inliers_of_the_pose_are_counted():
    assert replace(PICTURE, right=None, true=None).caption == "room/0-1: 1 of 3 matches are right"


def test_a_caption_says_that_there_is_no_pose():
    assert replace(PICTURE, pose=None).caption.endswith("2 of 3 matches are right, no pose")


@pytest.mark.parametrize(
    ("count", "number", "expected"),
    [
        (10, 4, [0, 3, 6, 9]),
        (100, 2, [0, 99]),
        (3, 4, [0, 1, 2]),
        (1, 4, [0]),
        (0, 4, []),
        (5, 1, [0]),
    ],
)
def test_pairs_are_chosen_evenly_from_the_first_to_the_last(count, number, expected):
    pairs = pd.DataFrame({"pair": range(count)}, index=range(50, 50 + count))
    assert choose_pairs(pairs, number)["pair"].tolist() == expected
