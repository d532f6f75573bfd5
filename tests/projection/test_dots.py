"""Chunks that are written from lists of dots, read back by HDF5's own filters."""

import h5py
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from rendering import cloud

from pointclip.projection import dots
from pointclip.projection.projection import get_projection
from pointclip.projection.render_cpu import Dots


def stored(folder, found: Dots, views: int, side: int) -> np.ndarray:
    """What HDF5 reads of the dots."""
    with h5py.File(folder / "d.h5", "w") as f:
        shape = (len(found.counts) // views, views, side, side)
        chunks = dots.pack_shapes(found, views, side * side)
        dots.write(dots.create(f, "depth", shape), 0, chunks)
    with h5py.File(folder / "d.h5") as f:
        return f["depth"][:]


@pytest.mark.parametrize("overrides", [{}, {"splat": 4, "size": 33}, {"size": 3}, {"size": 1}])
def test_dots_are_the_pixels_of_the_images(overrides, tmp_path):
    projection = get_projection("pointclip_zs", **overrides)
    points = cloud(300, clouds=2).numpy()
    found = projection.render_dots(points, threads=2)
    images = projection.render_numpy(points)
    read = stored(tmp_path, found, projection.views, projection.size[0])
    np.testing.assert_array_equal(read, images.astype(np.float16))
    one = projection.render_dots(points)
    assert all((a == b).all() for a, b in zip(one, found, strict=True) if a.ndim == 1)
    assert torch.equal(torch.from_numpy(images), projection.render_torch(torch.from_numpy(points)))


@settings(max_examples=60)
@given(
    views=st.integers(1, 3),
    side=st.integers(1, 40),
    share=st.sampled_from([0.0, 0.001, 0.02, 0.3, 0.9, 1.0]),
    seed=st.integers(0, 10**6),
)
def test_any_pattern_is_read_as_it_was_written(views, side, share, seed, tmp_path_factory):
    rng = np.random.default_rng(seed)
    image = np.where(rng.random((views, side * side)) < share, rng.random((views, side * side)), 0)
    image = image.astype(np.float16).astype(np.float32)
    counts = np.count_nonzero(image, axis=1).astype(np.int32)
    pixels = np.zeros((views, side * side), np.int32)
    values = np.zeros((views, side * side), np.float32)
    for view in range(views):
        own = np.flatnonzero(image[view])
        pixels[view, : len(own)], values[view, : len(own)] = own, image[view, own]
    folder = tmp_path_factory.mktemp("dots", numbered=True)
    read = stored(folder, Dots(pixels, values, counts), views, side)
    np.testing.assert_array_equal(read.reshape(views, -1), image.astype(np.float16))
