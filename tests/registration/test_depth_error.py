import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pointclip.registration.depth_error import with_error


DEPTH = np.random.default_rng(0).uniform(1, 4, (48, 64)).astype(np.float32)


def logs(scale, smooth, seed):
    return np.log(with_error(DEPTH, scale, smooth, seed) / DEPTH)


def test_no_error_leaves_the_depth_map():
    assert np.array_equal(with_error(DEPTH, 0.0, 0.0, 1), DEPTH)


def test_an_error_of_scale_is_one_factor_with_the_asked_deviation():
    factors = [logs(0.3, 0.0, seed) for seed in range(200)]
    assert max(np.ptp(log) for log in factors) < 1e-6
    assert np.std([log.mean() for log in factors]) == pytest.approx(0.3, rel=0.15)


def test_a_smooth_error_differs_over_the_image_and_hardly_between_neighbours():
    fields = np.array([logs(0.0, 0.2, seed) for seed in range(20)])
    assert 0.14 < fields.std() < 0.22
    for axis in (1, 2):
        assert np.diff(fields, axis=axis).std() < 0.2 * fields.std()


def test_a_seed_gives_the_same_error_and_another_seed_another():
    assert np.array_equal(with_error(DEPTH, 0.1, 0.1, 3), with_error(DEPTH, 0.1, 0.1, 3))
    assert not np.allclose(logs(0.1, 0.1, 3), logs(0.1, 0.1, 4), atol=0.01)


@settings(max_examples=40)
@given(height=st.integers(1, 90), width=st.integers(1, 90), seed=st.integers(0, 99))
def test_maps_of_any_size_keep_their_size_their_holes_and_positive_depths(height, width, seed):
    depth = np.full((height, width), 2, np.float32)
    depth[0, 0] = 0
    found = with_error(depth, 0.2, 0.1, seed)
    assert found.shape == depth.shape and found.dtype == np.float32
    assert np.array_equal(found == 0, depth == 0)
    assert (found[depth > 0] > 0).all()
