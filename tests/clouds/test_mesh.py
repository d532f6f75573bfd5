import numpy as np
import pytest

from pointclip.clouds.mesh import Mesh, Subsampler, check_bounds, fan_triangulate, sample_surface
from pointclip.core.errors import UserError


def test_a_small_scan_is_kept_whole_and_in_its_order():
    rng = np.random.default_rng(0)
    subsampler = Subsampler(rng, limit=100)
    points = rng.normal(size=(90, 3))
    for block in np.split(points, 9):
        subsampler.add(np.vstack([block, [[np.nan, 0, 0]]]))
    np.testing.assert_array_equal(subsampler.scan().points, points)


def test_of_a_large_scan_each_point_is_as_likely_as_another():
    kept = np.zeros(5000)
    for seed in range(200):
        subsampler = Subsampler(np.random.default_rng(seed), limit=500)
        for start in range(0, 5000, 250):
            numbers = np.arange(start, start + 250)
            subsampler.add(np.repeat(numbers[:, None], 3, 1).astype(float))
            assert subsampler.count <= 1000
        points = subsampler.scan().points
        assert len(points) == 500
        assert (np.diff(points[:, 0]) > 0).all()
        kept[points[:, 0].astype(int)] += 1
    # Each of ten blocks of 500 points holds a tenth of the 100,000 that were kept.
    np.testing.assert_allclose(kept.reshape(10, -1).sum(1), 10_000, rtol=0.05)


def test_polygons_are_split_from_their_first_corner():
    corners = np.array([5, 6, 7, 8, 1, 2, 0, 9, 10, 11])
    lengths = np.array([4, 2, 1, 3])
    np.testing.assert_array_equal(
        fan_triangulate(corners, lengths), [[5, 6, 7], [5, 7, 8], [9, 10, 11]]
    )
    assert fan_triangulate(corners[:0], lengths[:0]).shape == (0, 3)


def test_triangles_with_corners_that_are_no_numbers_are_left_out():
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [np.nan, 0, 0]])
    triangles = np.array([[0, 1, 2], [0, 1, 3]])
    points = sample_surface(Mesh(vertices, triangles), 100, np.random.default_rng(0)).points
    assert np.isfinite(points).all()
    assert (points[:, :2].sum(1) <= 1 + 1e-12).all()


def test_a_mesh_that_cannot_be_sampled_is_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(UserError, match="beyond the 3 that it has"):
        sample_surface(Mesh(np.eye(3), np.array([[0, 1, 3]])), 5, rng)
    with pytest.raises(UserError, match="no area"):
        sample_surface(Mesh(np.zeros((3, 3)), np.array([[0, 1, 2]])), 5, rng)
    with pytest.raises(UserError, match=r"up to 2\.0e\+12"):
        check_bounds(np.array([[0, -2e12, 0]]))
