"""The kernels for CPUs: the bits of `render_torch`, for any cloud, on any number of threads."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from rendering import NAMES, cloud, same_as_torch

from pointclip.projection.projection import get_projection


@pytest.mark.parametrize(
    ("name", "overrides"),
    [
        *[(name, {}) for name in NAMES],
        ("pointclip_zs", {"splat": 4, "size": 33}),
        ("pointclip_zs", {"distance": 0.2}),
    ],
)
def test_kernels_and_torch_render_the_same_bits(name, overrides):
    projection = get_projection(name, views=[0, 3], **overrides)
    same_as_torch(projection, cloud(clouds=2))


@pytest.mark.parametrize("name", NAMES)
def test_a_shape_is_rendered_alike_in_any_batch_and_on_any_number_of_threads(name):
    projection, points = get_projection(name), cloud(clouds=3)
    together = projection(points)
    torch.set_num_threads(3)
    assert torch.equal(projection(points), together)
    for k in range(3):
        assert torch.equal(projection(points[k : k + 1])[0], together[k])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "points",
    [
        torch.zeros(1, 1, 3),
        torch.full((1, 1, 3), 0.3),
        torch.full((1, 50, 3), -0.5),
        cloud() * torch.tensor([1.0, 1, 0]),
        cloud() * torch.tensor([0.0, 0, 1]),
        cloud() * 1e-20,
        cloud() * 1e17,
        torch.tensor([[[0.0, 0, -1.6], [0.0, 0, -1.6]]]),
        cloud(2),
        cloud(100_000) / 3,
    ],
    ids=[
        "origin",
        "one",
        "coincident",
        "flat",
        "line",
        "tiny",
        "huge",
        "on the camera",
        "two",
        "many",
    ],
)
def test_every_cloud_gives_finite_images(name, points):
    projection = get_projection(name, views=[0, 3])
    images = projection(points)
    assert torch.isfinite(images).all()
    if points.shape[1] < 1000:
        same_as_torch(projection, points)
    if projection.params["method"] == "surface":
        assert images.min() == 0  # the nearest is black
        assert images.max() == 1  # and the background white


@settings(max_examples=25)
@given(
    name=st.sampled_from(NAMES),
    size=st.integers(1, 300),
    scale=st.floats(1e-6, 1e6),
    shift=st.floats(-10, 10),
    seed=st.integers(0, 999),
)
def test_any_cloud_is_finite_and_the_same_on_torch(name, size, scale, shift, seed):
    projection = get_projection(name, views=[seed % 6])
    points = cloud(size, seed=seed) * scale + shift
    assert torch.isfinite(projection(points)).all()
    same_as_torch(projection, points)
