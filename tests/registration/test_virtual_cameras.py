import numpy as np
import pytest
from scenes import CAMERA, ROOM, depth_of, pose

from pointclip.core.errors import UserError
from pointclip.registration.camera import transform
from pointclip.registration.depth_map import points_of
from pointclip.registration.render import render
from pointclip.registration.virtual_cameras import CAMERAS, virtual_cameras


def cloud_from(*poses):
    """What cameras see of the room, in one frame; there -y points up."""
    clouds = []
    for where in poses:
        depth = depth_of(CAMERA.at(where))
        clouds.append(transform(where, points_of(depth, CAMERA, depth > 0)))
    return np.concatenate(clouds)


@pytest.fixture(scope="module")
def merged():
    return cloud_from(*[pose(angle, (0, 0, 2.0)) for angle in range(0, 360, 40)])


@pytest.fixture(scope="module")
def cameras(merged):
    return virtual_cameras(merged, CAMERA, "around", "-y")


def test_cameras_around_stand_in_the_room_and_look_slightly_down(cameras):
    centre, half = map(np.array, ROOM)
    for camera in cameras:
        rotation = camera.pose[:3, :3]
        assert np.allclose(rotation @ rotation.T, np.eye(3)) and np.linalg.det(rotation) > 0
        assert (np.abs(camera.pose[:3, 3] - centre) < half).all()
        right, down, ahead = rotation.T
        assert right[1] == pytest.approx(0) and down[1] > 0.9
        assert ahead[1] == pytest.approx(np.sin(np.radians(20)))


def test_cameras_around_see_nearly_all_together(merged, cameras):
    assert 4 <= len(cameras) <= CAMERAS
    _, cell = np.unique(np.floor(merged / 0.3), axis=0, return_inverse=True)
    index = np.concatenate([render(merged, camera)[1].ravel() for camera in cameras])
    seen = np.unique(cell[index[index >= 0]])
    assert len(seen) > 0.8 * (cell.max() + 1)


def test_cameras_around_repeat(merged, cameras):
    again = virtual_cameras(merged, CAMERA, "around", "-y")
    assert all(np.array_equal(a.pose, b.pose) for a, b in zip(cameras, again, strict=True))


def test_a_single_scan_is_rendered_from_where_it_was_captured():
    (camera,) = virtual_cameras(cloud_from(pose()), CAMERA)
    assert np.array_equal(camera.pose, np.eye(4))


@pytest.mark.parametrize(
    ("given", "words"),
    [(("inside", "z"), "kind of virtual camera"), (("around", "up"), "up axis")],
)
def test_an_unknown_kind_or_axis_is_told(given, words):
    with pytest.raises(UserError, match=words):
        virtual_cameras(np.ones((5, 3)), CAMERA, *given)


@pytest.mark.parametrize("points", [np.ones((1, 3)), np.ones((5, 3)) * [[1], [2], [3], [4], [5]]])
def test_a_cloud_of_a_point_or_a_line_has_a_camera(points):
    assert virtual_cameras(points, CAMERA, "around")


def test_a_cloud_without_a_point_is_told():
    with pytest.raises(UserError, match="no point"):
        virtual_cameras(np.empty((0, 3)), CAMERA)
