import numpy as np
import pytest
from places import REPOSITORY
from scenes import pose, write_scene

from pointclip.catalog.registration import PAIRS
from pointclip.core.errors import UserError
from pointclip.data.readers.frames import Scene, find_scenes
from pointclip.registration.pairs import list_pairs, read_pose, true_pose


ASSET = "pointclip/assets/frames"


@pytest.fixture
def scene(tmp_path):
    poses = [pose(), pose(5, (0.1, 0, 0)), pose(10, (0.2, 0, 0.1))]
    return find_scenes(write_scene(tmp_path / "room", poses))[0]


def test_pairs_by_overlap_and_their_true_poses_equal_the_release(golden):
    (scene,) = find_scenes(REPOSITORY / ASSET / "slambook2")
    pairs = list_pairs(scene, PAIRS)
    assert [[p.query, p.target] for p in pairs] == golden["pairs/overlap_ids"].tolist()
    for pair, wanted in zip(pairs, golden["pairs/overlap_gt"], strict=True):
        found = true_pose(read_pose(scene, pair.query), read_pose(scene, pair.target))
        assert np.abs(found - wanted).max() < 1e-4  # the release does not make poses orthonormal


def test_pairs_of_a_sequence_equal_the_release(golden, tmp_path):
    scene = Scene("drive", tmp_path, tuple(range(int(golden["pairs/sequence_n_frames"]))))
    pairs = list_pairs(scene, PAIRS | {"gaps": [1, 2, 3]})
    assert [[p.query, p.target] for p in pairs] == golden["pairs/sequence_ids"].tolist()


def test_pairs_of_a_list(scene):
    scene.file("mine.txt").write_text("# query target\n0 2\n2 1 0.4 # near\n\n")
    pairs = list_pairs(scene, PAIRS | {"list": "mine.txt"})
    assert [p.name for p in pairs] == ["room/0-2", "room/2-1"]
    assert np.isnan(pairs[0].overlap) and pairs[1].overlap == 0.4


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"overlap": 0.9}, "no overlap above 0.9"),
        ({"gaps": [5]}, "too few frames"),
        ({"list": "none.txt"}, "none.txt does not exist"),
    ],
)
def test_no_pair_is_told(scene, entry, words):
    with pytest.raises(UserError, match=words):
        list_pairs(scene, PAIRS | entry)


def test_a_pose_that_is_no_rotation_is_told(scene):
    np.savetxt(scene.file("1_pose.txt"), np.diag([1, 1, 3, 1]))
    with pytest.raises(UserError, match=r"1_pose.txt holds no rotation"):
        read_pose(scene, 1)
