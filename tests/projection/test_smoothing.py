import math

import numpy as np
import pytest

from pointclip.projection.smoothing import gaussian_taps, sharpness


@pytest.mark.parametrize(("width", "sigma"), [(1, 3.0), (3, 3.0), (5, 1.0), (9, 0.5)])
def test_taps_are_a_gaussian_that_sums_to_one(width, sigma):
    taps = np.array(gaussian_taps(width, sigma))
    assert len(taps) == width
    assert taps.sum() == pytest.approx(1, abs=1e-6)
    np.testing.assert_array_equal(taps, taps[::-1])
    if width > 1:
        assert taps[width // 2 + 1] / taps[width // 2] == pytest.approx(
            math.exp(-1 / (2 * sigma**2)), rel=1e-6
        )


def test_the_parabola_stands_near_the_gaussian_that_it_replaces():
    params = {"sigma_value": 0.1, "grid_depth": 16}
    scale = params["sigma_value"] * (params["grid_depth"] - 2)  # in slices
    off = np.linspace(0, 3 * scale, 50)
    parabola = np.clip(1 - off**2 * sharpness(params), 0, None) ** 8
    assert np.abs(parabola - np.exp(-(off**2) / (2 * scale**2))).max() < 0.04
