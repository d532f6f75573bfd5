"""The images that the diffusion model is shown, against the released functions."""

import numpy as np
import pytest
from places import GOLDEN

from pointclip.registration.dense.diffusion_input import depth_image, enlarging, resize


@pytest.fixture(scope="module")
def golden():
    with np.load(GOLDEN / "freereg.npz") as file:
        return {
            key: file[key] for key in file.files if key.split("/")[0] in ("normalise", "resize")
        }


@pytest.mark.parametrize(("depth", "image"), [("depth_mm", "image"), ("kitti_png", "kitti_image")])
def test_depth_is_shown_as_in_the_release(golden, depth, image):
    found = depth_image(golden[f"normalise/{depth}"])
    np.testing.assert_array_equal(found, golden[f"normalise/{image}"])


def test_holes_are_white_and_far_is_black(golden):
    raw = golden["normalise/depth_mm"]
    shown = depth_image(raw)
    assert (shown[raw == 0] == 255).all()
    assert (shown[raw >= np.percentile(raw, 85)] == 0).all()


def test_a_depth_map_of_one_depth_is_black(caplog):
    assert not depth_image(np.full((4, 5), 2.0)).any()
    assert "one depth" in caplog.text


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("resize/up_in", "resize/up_out_128"),
        ("resize/down_in", "resize/down_out_64"),
        ("normalise/image", "resize/depth_out_128"),
    ],
)
def test_images_are_resized_as_in_the_release(golden, source, target):
    wanted = golden[target]
    found = resize(golden[source], wanted.shape[1], wanted.shape[0])
    difference = np.abs(found.astype(int) - wanted)
    assert difference.max() <= 1
    # OpenCV rounds its weights to 11 bits.
    assert (difference > 0).mean() < 0.05


def test_the_own_size_changes_nothing():
    image = np.random.default_rng(0).integers(0, 256, (6, 9, 3), dtype=np.uint8)
    np.testing.assert_array_equal(resize(image, 9, 6), image)


def test_weights_sum_to_one_at_the_borders_too():
    np.testing.assert_allclose(enlarging(3, 11).sum(axis=1), 1)
