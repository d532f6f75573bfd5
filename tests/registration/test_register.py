"""The whole way on embedded frames: what the demo's table rests on, for single pairs."""

import numpy as np
import pytest
from places import REPOSITORY
from scenes import CAMERA, depth_of, pose

from pointclip.catalog.registration import FEATURES, PAIRS, SETTINGS, SOLVERS
from pointclip.core.errors import UserError
from pointclip.data.readers.frames import find_scenes
from pointclip.registration.camera import transform
from pointclip.registration.depth_map import points_of
from pointclip.registration.describe import Describer
from pointclip.registration.metrics import rotation_error, translation_error
from pointclip.registration.pairs import read_pose, true_pose
from pointclip.registration.prepare import (
    make_keypoints,
    render_target,
    see_query,
    see_target,
    with_error,
)
from pointclip.registration.register import (
    describe_side,
    pose_in_cloud,
    register_sides,
    search,
)
from pointclip.registration.side import Seen


FRAMES = REPOSITORY / "pointclip/assets/frames"
ENTRY = {**SETTINGS["indoor"], **PAIRS}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "query", "target"), [("hololens", 63, 69), ("slambook2", 4, 5), ("slambook2", 3, 2)]
)
def test_a_real_pair_is_registered(name, query, target):
    (scene,) = find_scenes(FRAMES / name)
    families = [Describer(FEATURES["fpfh"])]
    sides = []
    for see, frame, is_query in ((see_query, query, True), (see_target, target, False)):
        seen = see(scene, frame, ENTRY)
        sides.append(describe_side(seen, make_keypoints(seen, "grid"), families, [1.0], is_query))
    found = register_sides(*sides, SOLVERS["kabsch"])
    true = true_pose(read_pose(scene, query), read_pose(scene, target))
    assert rotation_error(found.solution.pose, true) < 5
    assert translation_error(found.solution.pose, true) < 0.1
    assert found.solution.inliers.sum() > 20


def test_of_several_virtual_cameras_the_best_gives_the_pose():
    """A cloud of two views in a frame of its own; of two cameras one looks away."""
    features = FEATURES["fpfh"] | {"radii": [0.5], "voxels": [0.08], "neighbours": [80]}
    families, here = [Describer(features)], pose(8, (0.2, 0.05, 0.1))
    clouds = []
    for where in (pose(), pose(20, (0.3, 0, 0))):
        depth = depth_of(CAMERA.at(where))
        clouds.append(transform(where, points_of(depth, CAMERA, depth > 0)))

    def look(camera):
        try:
            seen = render_target(np.concatenate(clouds), camera, ENTRY)
        except UserError:
            return None
        return describe_side(seen, make_keypoints(seen, "grid"), families, [1.0], False)

    seen = Seen(CAMERA, None, depth_of(CAMERA.at(here)))
    query = describe_side(seen, make_keypoints(seen, "grid"), families, [1.0], True)
    cameras = [CAMERA.at(pose(180)), CAMERA.at(pose(-4, (-0.1, 0, 0)))]
    found = search(query, look, cameras, SOLVERS["kabsch"])
    assert rotation_error(pose_in_cloud(found), here) < 1
    assert translation_error(pose_in_cloud(found), here) < 0.1


def test_geometry_of_a_photo_without_depth_is_told():
    (scene,) = find_scenes(FRAMES / "slambook2")
    seen = see_query(scene, 1, ENTRY | {"query_depth": "none"})
    keypoints = make_keypoints(seen, "grid")
    assert not keypoints.known.any()
    with pytest.raises(UserError, match="need a depth map of the query"):
        Describer(FEATURES["fpfh"]).query(seen, keypoints)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"intrinsics": [518, 519, 900, 253]}, "outside the image"),
        ({"query_depth": "query/{id}.none.npy"}, "does not exist"),
        ({"depth_unit": 1e-4}, "check its unit"),
    ],
)
def test_wrong_settings_are_told(change, words):
    (scene,) = find_scenes(FRAMES / "slambook2")
    with pytest.raises(UserError, match=words):
        see_query(scene, 1, ENTRY | change)


def test_the_simulated_error_has_the_asked_size_and_repeats():
    depth = np.full((60, 80), 2, np.float32)
    assert np.array_equal(with_error(depth, 0.0, 0.0, seed=1), depth)
    scales = [np.log(with_error(depth, 0.1, 0.0, seed=s) / depth).mean() for s in range(60)]
    assert 0.07 < np.std(scales) < 0.13
    smooth = np.log(with_error(depth, 0.0, 0.05, seed=3) / depth)
    assert 0.02 < smooth.std() < 0.08
    assert np.array_equal(with_error(depth, 0.1, 0.05, 4), with_error(depth, 0.1, 0.05, 4))
