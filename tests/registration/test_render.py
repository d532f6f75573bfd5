import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenes import CAMERA, depth_of, pose

from pointclip.core.errors import UserError
from pointclip.registration.camera import inverse, make_camera, transform
from pointclip.registration.depth_map import points_of
from pointclip.registration.render import NEAREST, render


def brute_force(points, camera):
    """The nearest point of every pixel, one point after the other."""
    depth = np.zeros((camera.height, camera.width))
    index = np.full(depth.shape, -1)
    for n, (x, y, z) in enumerate(transform(inverse(camera.pose), points)):
        if not z > NEAREST:
            continue
        column = np.floor(x / z * camera.fx + camera.cx + 0.5)
        row = np.floor(y / z * camera.fy + camera.cy + 0.5)
        if not (0 <= column < camera.width and 0 <= row < camera.height):
            continue
        row, column = int(row), int(column)
        if index[row, column] < 0 or z < depth[row, column]:
            depth[row, column], index[row, column] = z, n
    return depth, index


@pytest.mark.parametrize("device", ["cpu", "cpu:0"])  # numba's kernel, and torch's
@settings(max_examples=25)
@given(seed=st.integers(0, 2**31), turn=st.floats(-180, 180))
def test_rendering_is_that_of_brute_force(device, seed, turn):
    rng = np.random.default_rng(seed)
    points = rng.normal(scale=2, size=(200, 3))
    points[:20] = points[20:40]  # ties: the first counts
    points[40] = np.nan
    camera = make_camera([20, 25, 9.3, 6.1], 20, 13).at(pose(turn, (0.1, 0, -1)))
    depth, index = render(points, camera, device=device)
    wanted, wanted_index = brute_force(points, camera)
    assert np.array_equal(index, wanted_index)
    assert np.allclose(depth, wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("device", ["cpu", "cpu:0"])
def test_released_rendering_equals_the_release(golden, device):
    points, size = golden["render/points"].astype(float), golden["render/size_hw"]
    camera = make_camera(golden["render/K"], int(size[1]), int(size[0]))
    depth, _ = render(points, camera, "released", device)
    assert np.abs(depth - golden["render/depth"]).max() < 1e-12
    moved, _ = render(points, camera.at(golden["render/extrinsic"]), "released", device)
    assert np.abs(moved - golden["render/depth_extrinsic"]).max() < 1e-12
    assert np.array_equal((depth * 1000).astype(np.uint16), golden["render/png_mm"])


def test_a_lifted_depth_map_comes_back_as_it_was():
    depth = depth_of(CAMERA).astype(float)
    depth[10:20, 30:50] = 0
    again, _ = render(points_of(depth, CAMERA, depth > 0), CAMERA)
    assert np.allclose(again, depth, atol=1e-12)


def test_no_point_before_the_camera_is_an_empty_map():
    depth, index = render(np.array([[0, 0, -1.0], [0, 0, 0.01]]), CAMERA)
    assert not depth.any()
    assert (index == -1).all()


def test_an_unknown_rounding_is_told():
    with pytest.raises(UserError, match="nearest, released"):
        render(np.zeros((1, 3)), CAMERA, "up")
