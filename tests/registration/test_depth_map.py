import numpy as np
import pytest

from pointclip.registration.camera import make_camera
from pointclip.registration.depth_map import points_of, valid_pixels


@pytest.mark.parametrize(("kind", "limit"), [("edge", 0.2), ("plain", None)])
def test_pixels_and_points_equal_the_release(golden, kind, limit):
    depth = golden["lift/depth"].astype(float)
    camera = make_camera(golden["lift/K"], depth.shape[1], depth.shape[0])
    valid = valid_pixels(depth, 0.01, 10.0, limit)
    assert np.array_equal(np.argwhere(valid)[:, ::-1], golden[f"lift/{kind}_uv"])
    assert np.abs(points_of(depth, camera, valid) - golden[f"lift/{kind}_xyz"]).max() < 1e-6


def test_a_step_in_depth_is_an_edge_on_both_sides():
    depth = np.where(np.arange(20) < 10, 1.0, 2.0) * np.ones((20, 1))
    valid = valid_pixels(depth, 0.01, 10.0, 0.2)
    # The window of column i is i-3 ... i+2, so columns 8 ... 12 see both surfaces.
    assert valid[10].tolist() == [False] * 3 + [True] * 5 + [False] * 5 + [True] * 7
