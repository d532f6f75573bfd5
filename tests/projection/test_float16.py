import numpy as np
import torch

from pointclip.projection.float16 import render_float16, to_float16
from pointclip.projection.projection import get_projection


def test_rounding_to_half_precision_is_numpys():
    every = np.arange(2**16, dtype=np.uint16).view(np.float16).astype(np.float32)
    every = every[np.isfinite(every)]
    ties = (every[1:] + every[:-1]) / 2
    beyond = np.array([65519.99, 65520, 1e9, -1e9, 1e-30, -0.0], np.float32)
    above, below = (np.nextafter(every, np.float32(x)) for x in (1e9, -1e9))
    numbers = np.concatenate([every, ties, above, below, beyond])[None]
    with np.errstate(over="ignore"):
        expected = numbers.astype(np.float16)
    np.testing.assert_array_equal(to_float16(numbers).view(np.uint16), expected.view(np.uint16))


def test_depth_maps_are_the_projections_rounded():
    points = np.random.default_rng(0).normal(0, 0.3, (2, 200, 3)).astype(np.float32)
    for name in ("pointclip_zs", "pointclip_v2"):
        projection = get_projection(name)
        maps = render_float16(projection, points)
        assert maps.dtype == np.float16
        expected = projection(torch.from_numpy(points)).numpy().astype(np.float16)
        np.testing.assert_array_equal(maps, expected)
