import numpy as np
import pytest

from pointclip.core.errors import UserError
from pointclip.registration.densify import bilateral_5, densify, fast, median_5, multiscale


def test_fast_equals_the_release(golden):
    assert np.abs(fast(golden["densify/fast_in"]) - golden["densify/fast"]).max() < 1e-5
    gaussian = fast(golden["densify/fast_in"], "gaussian")
    assert np.abs(gaussian - golden["densify/fast_gaussian"]).max() < 1e-5
    # Beyond 15 m the release is wrong, and so are we.
    assert np.abs(fast(golden["densify/fast_far_in"]) - golden["densify/fast_far"]).max() < 1e-5


def test_multiscale_equals_the_release(golden):
    found, wanted = multiscale(golden["densify/multiscale_in"]), golden["densify/multiscale"]
    # Depths are turned around at 100 m in float32, whose last bit is 8e-6 m there.
    assert np.abs(found - wanted).max() < 4 * np.spacing(np.float32(100))
    assert (found[wanted == 255] == 255).all()


def test_none_changes_nothing_and_copies():
    depth = np.eye(4, dtype=np.float32)
    same = densify(depth, "none")
    assert np.array_equal(same, depth) and same is not depth
    with pytest.raises(UserError, match="none, fast, multiscale"):
        densify(depth, "slow")


def test_a_hole_is_filled_with_the_surface_around_it():
    depth = np.full((40, 40), 2.0, np.float32)
    depth[18:21, 18:21] = 0
    assert np.allclose(densify(depth, "fast"), 2, atol=1e-5)


def test_the_median_is_that_of_25_pixels_with_the_border_repeated():
    image = np.random.default_rng(0).random((7, 9)).astype(np.float32)
    padded = np.pad(image, 2, mode="edge")
    wanted = [[np.median(padded[i : i + 5, j : j + 5]) for j in range(9)] for i in range(7)]
    assert np.array_equal(median_5(image), np.array(wanted, np.float32))


def test_the_bilateral_mean_keeps_an_edge_and_smooths_noise():
    rng = np.random.default_rng(0)
    image = np.where(np.arange(20) < 10, 1.0, 9.0) + rng.normal(scale=0.05, size=(20, 20))
    smooth = bilateral_5(image.astype(np.float32), 0.5, 2.0)
    assert smooth[:, :8].std() < 0.5 * image[:, :8].std()
    assert abs(smooth[:, 9].mean() - 1) < 0.05 and abs(smooth[:, 10].mean() - 9) < 0.05
