"""The stages on a made scene, with frames that cannot be read among the good ones."""

import re

import numpy as np
import pytest
from PIL import Image
from scenes import pose, write_scene

from pointclip.catalog.registration import FEATURES, PAIRS, SETTINGS, SOLVERS
from pointclip.core.errors import UserError
from pointclip.core.store import open_h5, write_parquet
from pointclip.registration import frame_stages, pair_stages
from pointclip.registration.describe import Describer
from pointclip.registration.metrics import success
from pointclip.registration.score import score_runs
from pointclip.registration.summary import per_scene, released, summarise


# What is wrong with a pair, as its row of the scores says it.
PROBLEMS = {
    "room/0-2": "2.depth.png is empty",
    "room/3-1": "3_pose.txt holds no rotation",
    "room/4-0": "4.color.png is not a readable image",
    "room/5-0": "5.depth.png has 80 x 60 pixels, but its photo 160 x 120",
    "room/0-6": "6.depth.png is not a readable image",
    "room/9-0": "no frame 9",
    "room/0-9": "9.depth.png does not exist",
}
RUN = {"pairs": "made", "features": "fpfh", "solver": "kabsch"}


class Files:
    """Paths by kind, as a rule's inputs."""

    def __init__(self, folder):
        for kind, suffix in (("pairs", "parquet"), ("frames", "h5"), ("truth", "h5")):
            setattr(self, kind, [folder / f"{kind}.{suffix}"])
        self.matches, self.poses = [folder / "matches.h5"], [folder / "poses.h5"]


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stages")
    poses = [pose(), pose(6, (0.15, 0, 0.1)), *[pose(3, (0, 0, 0.2))] * 5, pose(180, (0, 0, 4.5))]
    scene = write_scene(folder / "room", poses)
    # Frame 2 has no depth, frame 3 a pose that is none, frame 4 no readable photo, frame 5 a depth
    # map of another size, frame 6 no readable depth map; 7 looks away, and 9 is not there.
    Image.fromarray(np.zeros((120, 160), np.uint16)).save(scene / "query/2.depth.png")
    np.savetxt(scene / "query/3_pose.txt", np.diag([1, 1, -1, 1]))
    (scene / "query/4.color.png").write_bytes(b"no photo")
    Image.fromarray(np.full((60, 80), 2000, np.uint16)).save(scene / "query/5.depth.png")
    (scene / "query/6.depth.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    listed = ["0 1", "1 0", "0 2", "3 1", "4 0", "5 0", "0 6", "7 0", "9 0", "0 9"]
    (scene / "query/list.txt").write_text("\n".join(listed))
    entry = {**SETTINGS["indoor"], **PAIRS, "path": str(scene), "list": "list.txt"}
    features = FEATURES["fpfh"] | {"radii": [0.5], "voxels": [0.08], "neighbours": [80]}
    files = Files(folder)
    pairs = frame_stages.table_of_pairs(entry)
    write_parquet(pairs, files.pairs[0])
    frame_stages.write_frames(pairs, entry, files.frames[0])
    frame_stages.write_truth(pairs, files.frames[0], entry, files.truth[0])
    frame_stages.write_features(pairs, files.frames[0], Describer(features), folder / "dense.h5")
    with open_h5(files.frames[0]) as frames, open_h5(folder / "dense.h5") as dense:
        reader = pair_stages.PairReader(frames, [dense], [1.0])
        pair_stages.write_matches(pairs, reader, files.matches[0])
        with open_h5(files.matches[0]) as matches:
            pair_stages.write_poses(pairs, reader, matches, SOLVERS["kabsch"], 1.0, files.poses[0])
    return score_runs([RUN], files, {"made": entry}), files, entry


def test_good_pairs_are_registered_and_bad_frames_fail_alone(scored):
    rows, _, _ = scored
    own = rows[rows["solver"] == "kabsch"].set_index("pair")
    good = own.loc[["room/0-1", "room/1-0"]]
    assert (good["rotation_error_deg"] < 3).all() and (good["translation_error_m"] < 0.15).all()
    assert (good["inlier_ratio"] > 0.3).all() and (good["problem"] == "").all()
    bad = own.drop([*good.index, "room/7-0"])
    assert set(bad.index) == set(PROBLEMS)
    assert bad["rotation_error_deg"].isna().all() and (bad["inlier_ratio"] == 0).all()
    for pair, sentence in PROBLEMS.items():
        assert re.search(sentence, own.loc[pair, "problem"])
        assert own.loc[pair, "problem"].endswith(".") and "\n" not in own.loc[pair, "problem"]


def test_a_pair_without_overlap_is_no_success(scored):
    rows, _, _ = scored
    own = rows[rows["solver"] == "kabsch"].set_index("pair").loc["room/7-0"]
    assert not success(own["rotation_error_deg"], own["translation_error_m"], (20.0, 0.5))
    assert own["inlier_ratio"] < 0.1


def test_poses_are_found_without_the_truth(scored):
    with open_h5(scored[1].poses[0]) as file:
        assert "pose" in file["room/3-1"]  # its true pose cannot be read


def test_failures_count_in_every_column_of_the_table(scored):
    rows, _, _ = scored
    table = summarise(rows, {"made": (20.0, 0.5)}).set_index("solver")
    own = table.loc["kabsch"]
    assert own["n_pairs"] == 10 and own["registration_recall"] == 20
    assert own["rotation_error_deg"] == 180 and np.isnan(own["translation_error_m"])
    assert own["feature_matching_recall"] == 20
    identity = table.loc["identity"]
    assert np.isnan(identity["inlier_ratio"]) and identity["seconds_per_pair"] == 0
    # The release takes a pair that nothing is known of for one with an inlier ratio of 1.
    theirs = released(rows, {"made": (20.0, 0.5)}).set_index("solver").loc["kabsch"]
    assert theirs["inlier_ratio"] > own["inlier_ratio"] + 50


def test_intervals_hold_the_recall(scored):
    scenes = per_scene(scored[0], {"made": (20.0, 0.5)})
    assert (scenes["low"] <= scenes["registration_recall"]).all()
    assert (scenes["registration_recall"] <= scenes["high"]).all()


def test_random_matches_repeat_and_are_mostly_wrong(scored, tmp_path):
    _, files, _ = scored
    from pointclip.core.store import read_parquet

    pairs = read_parquet(files.pairs[0])
    with open_h5(files.frames[0]) as frames:
        reader = pair_stages.PairReader(frames, [], [])
        for name in ("a", "b"):
            pair_stages.write_matches(pairs, reader, tmp_path / f"{name}.h5", random=True)
    with open_h5(tmp_path / "a.h5") as a, open_h5(tmp_path / "b.h5") as b:
        first = a["room/0-1/matches"][:]
        assert first.shape == (300, 2) and np.array_equal(first, b["room/0-1/matches"][:])


def test_no_usable_frame_ends_the_stage_with_the_first_problem(tmp_path):
    scene = write_scene(tmp_path / "room", [pose(), pose()])
    for i in (0, 1):
        (scene / f"query/{i}.depth.png").write_text("broken")
    entry = {**SETTINGS["indoor"], **PAIRS, "path": str(scene)}
    pairs = frame_stages.table_of_pairs(entry)
    with pytest.raises(UserError, match=r"No frame can be used.*not a readable image"):
        frame_stages.write_frames(pairs, entry, tmp_path / "frames.h5")
    assert not (tmp_path / "frames.h5").exists()
