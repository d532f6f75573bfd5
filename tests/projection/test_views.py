import math

import numpy as np
import pytest

from pointclip.core.errors import UserError
from pointclip.projection.views import VIEW_SETS, view_names, view_rotations


@pytest.mark.parametrize("name", [*VIEW_SETS, "ring-1", "ring-12", "fibonacci-1", "fibonacci-20"])
def test_every_view_is_a_rotation(name):
    r = view_rotations(name)
    assert r.dtype == np.float32
    assert np.allclose(r @ r.transpose(0, 2, 1), np.eye(3), atol=1e-6)
    assert np.allclose(np.linalg.det(r), 1, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "views"),
    [("pointclip_6", 6), ("pointclip_10", 10), ("pointclip_v2_10", 10), ("contour_10", 10)],
)
def test_released_sets_have_as_many_views_as_released(name, views):
    assert view_rotations(name).shape == (views, 3, 3)


def test_the_first_view_of_v1_shows_a_y_up_cloud_upright():
    # Rows grow downwards: what is up in the cloud has a small row.
    up, right = [0.0, 1, 0], [1.0, 0, 0]
    first = view_rotations("pointclip_6")[0]
    assert np.allclose(first @ up, [-1, 0, 0], atol=1e-6)
    assert np.allclose(first @ right, [0, 1, 0], atol=1e-6)


def test_views_are_named_by_azimuth_whatever_the_data_set_calls_front():
    names = view_names(view_rotations("pointclip_6"), camera=-1)
    assert names == [
        *("azimuth 180°", "azimuth 270°", "azimuth 0°", "azimuth 90°", "top", "bottom")
    ]


def test_azimuth_zero_looks_from_plus_z_and_ninety_from_plus_x():
    from_z, from_x = view_rotations("ring-4")[[0, 1], 2]
    assert np.allclose(from_z, [0, 0, 1], atol=1e-6) and np.allclose(from_x, [1, 0, 0], atol=1e-6)
    assert view_names(view_rotations("ring-4"))[:2] == ["azimuth 0°", "azimuth 90°"]


def test_several_steep_views_are_named_by_their_angles():
    names = view_names(view_rotations("surround_30"))
    assert len(set(names)) == 30
    assert "azimuth 135°, 20° above" in names and "top" not in names


@pytest.mark.parametrize("camera", [1, -1])
def test_a_ring_goes_round_the_upright_axis_at_its_elevation(camera):
    rotations = view_rotations({"set": "ring-8", "elevation": 30}, camera)
    towards_camera = camera * rotations[:, 2]
    assert np.allclose(towards_camera[:, 1], 0.5, atol=1e-6)
    azimuth = np.arctan2(towards_camera[:, 0], towards_camera[:, 2])
    steps = (np.roll(azimuth, -1) - azimuth) % (2 * math.pi)
    assert np.allclose(steps, math.pi / 4, atol=1e-5)


@pytest.mark.parametrize("n", [2, 10, 50])
def test_a_fibonacci_set_covers_the_sphere(n):
    directions = view_rotations(f"fibonacci-{n}")[:, 2]
    assert np.linalg.norm(directions.mean(0)) < 0.35 * math.sqrt(2 / n)
    # The widest gap of n even caps: no direction is far from every camera.
    probe = np.random.default_rng(0).normal(size=(2000, 3))
    probe /= np.linalg.norm(probe, axis=1, keepdims=True)
    gap = np.arccos((probe @ directions.T).max(1).clip(-1, 1)).max()
    assert gap < 3.2 * math.sqrt(2 / n)


def test_a_subset_keeps_its_own_order():
    every = view_rotations("pointclip_10")
    some = view_rotations({"set": "pointclip_10", "indices": [9, 0, 0]})
    assert np.array_equal(some, every[[9, 0, 0]])


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("pointclip_7", "Unknown view set 'pointclip_7': choose one of pointclip_6,"),
        ("ring-0", "Unknown view set 'ring-0'"),
        ("ring-1000", "N from 1 to 999"),
        ({"indices": [0]}, "give 'set'"),
        ({"set": "ring-4", "tilt": 3}, "give 'set'"),
        ({"set": "ring-4", "elevation": 91}, "Elevation 91 of view set 'ring-4'"),
        ({"set": "ring-4", "elevation": "up"}, "Elevation 'up'"),
        ({"set": "fibonacci-4", "elevation": 20}, "only ring-N has"),
        ({"set": "ring-4", "indices": [4]}, r"View indices \[4\] do not fit .* 0 to 3"),
        ({"set": "ring-4", "indices": []}, "View indices"),
        ({"set": "ring-4", "indices": [True]}, "View indices"),
    ],
)
def test_what_is_no_view_set_is_said_in_one_sentence(spec, sentence):
    with pytest.raises(UserError, match=sentence):
        view_rotations(spec)


def test_surround_has_the_views_of_v2_and_of_the_sphere():
    parts = [view_rotations("pointclip_v2_10"), view_rotations("fibonacci-20")]
    np.testing.assert_array_equal(view_rotations("surround_30"), np.concatenate(parts))
