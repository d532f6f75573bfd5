"""The kernel of V2's surface under parameters that take its other branches."""

import pytest
import torch
from rendering import cloud, same_as_torch

from pointclip.projection.projection import get_projection


@pytest.mark.parametrize(
    ("name", "overrides"),
    [
        ("pointclip_v2", {"densify": 1}),
        ("pointclip_v2", {"densify": 11, "grid_size": 31, "scale": 1.0}),
        ("pointclip_v2", {"smooth": "none"}),
        ("pointclip_v2", {"smooth": "none", "densify": 1, "trim": 0}),
        ("pointclip_v2", {"smooth_size": 9, "sigma": 2.0, "trim": 0}),
        ("pointclip_v2", {"grid_depth": 32, "densify_depth": 5, "smooth_depth": 5}),
        ("contour", {"grid_depth": 8, "densify_depth": 1, "smooth_size": 3}),
        ("contour", {"smooth_depth": 1, "trim": 3}),
        ("contour", {"smooth_depth": 7, "densify_depth": 3}),
    ],
)
def test_every_branch_renders_what_torch_renders(name, overrides):
    projection = get_projection(name, views=[0, 3], **overrides)
    for seed, count in enumerate((1, 2, 200)):
        points = cloud(count, clouds=2, seed=seed)
        same_as_torch(projection, points)


def test_scratch_memory_is_left_clean_between_images():
    # Shapes of different places and sizes one after the other, in one call and each by itself.
    projection = get_projection("contour", views=[0, 5])
    points = torch.cat([cloud(50, seed=seed) * scale for seed, scale in enumerate((1, 3, 0.1))])
    together = projection(points)
    for number, alone in enumerate(points):
        assert torch.equal(projection(alone[None])[0], together[number])
