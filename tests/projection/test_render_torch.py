"""What the depth maps of `render_torch` show; the kernels give the same bits."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from rendering import NAMES, SURFACES, cloud, share_that_differs

from pointclip.projection.projection import get_projection


def about_y(angle):
    c, s = math.cos(angle), math.sin(angle)
    return torch.tensor([[c, 0, s], [0, 1, 0], [-s, 0, c]])


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_too_large_for_the_scratch_memory_is_rendered_in_chunks(name, monkeypatch):
    projection, points = get_projection(name, views=[0]), cloud(clouds=3)
    whole = projection.render_torch(points)
    monkeypatch.setattr("pointclip.projection.projection._SCRATCH", 1)
    assert torch.equal(projection.render_torch(points), whole)


@pytest.mark.parametrize("name", SURFACES)
def test_duplicate_points_change_nothing_on_a_surface(name):
    projection, points = get_projection(name), cloud()
    assert torch.equal(projection(points), projection(points.repeat(1, 3, 1)))


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_points_changes_nothing(name):
    projection, points = get_projection(name), cloud()
    shuffled = points[:, torch.randperm(200, generator=torch.Generator().manual_seed(1))]
    assert torch.equal(projection(points), projection(shuffled))


@pytest.mark.parametrize("name", SURFACES)
@settings(max_examples=20)
@given(
    exponent=st.integers(-8, 8),
    shift=st.lists(st.integers(-64, 64), min_size=3, max_size=3),
)
def test_a_surface_does_not_depend_on_size_and_place(name, exponent, shift):
    # Whole numbers and powers of two: exact arithmetic, so that no point changes its cell.
    generator = torch.Generator().manual_seed(3)
    points = torch.randint(-64, 65, (1, 100, 3), generator=generator).float()
    projection = get_projection(name, views={"set": "ring-4"})
    moved = (points + torch.tensor(shift).float()) * 2.0**exponent
    assert share_that_differs(projection(points), projection(moved), by=0.02) < 0.02


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("elevation", [0, 25])
def test_turning_the_shape_by_a_view_moves_every_view_to_the_next(name, elevation):
    ring = {"set": "ring-6", "elevation": elevation}
    projection, points = get_projection(name, views=ring), cloud()
    # Camera k sees of the turned shape what camera k-1 saw before.
    turned = points @ about_y(math.pi / 3).T
    before, after = projection(points)[0], projection(turned)[0]
    background = 0.0 if projection.params["method"] == "perspective" else 1.0
    occupied = (before != background) | (after != background)
    moved = (after.roll(-1, 0) != background) | (before != background)
    # Rounding moves some points to the next cell, never more.
    assert ((after.roll(-1, 0) - before).abs() > 0.02)[moved].float().mean() < 0.02
    assert ((after - before).abs() > 0.02)[occupied].float().mean() > 0.9


def test_a_pixel_of_v1_holds_the_harmonic_mean_of_its_depths():
    # Two points on the optical axis at depths 1.6 + 0.4 and 1.6 - 0.4.
    points = torch.tensor([[[0.0, 0, 0.4], [0, 0, -0.4]]])
    image = get_projection("pointclip_zs", views=[0])(points)[0, 0]
    assert image.count_nonzero() == 1
    assert image.max().item() == pytest.approx(2 / (1 / 2.0 + 1 / 1.2), rel=1e-6)


def test_v1_drops_what_is_behind_the_camera_or_beside_the_image():
    points = torch.tensor([[[0.0, 0, -3], [9, 0, 0]]])
    assert get_projection("pointclip_zs", views=[0])(points).count_nonzero() == 0


def test_a_splat_of_v1_covers_its_square():
    image = get_projection("pointclip_zs", views=[0], splat=4)(torch.zeros(1, 1, 3))[0, 0]
    assert (image > 0).sum() == 16


def test_the_nearest_surface_of_v2_is_the_darkest():
    # A wall of two depths: its left half is nearer to the camera at +z.
    ys, xs = torch.meshgrid(*[torch.linspace(-1, 1, 40)] * 2, indexing="ij")
    wall = torch.stack([xs, ys, torch.where(xs < 0, 0.5, -0.5)], -1).reshape(1, -1, 3)
    image = get_projection("pointclip_v2", views={"set": "ring-1"})(wall)[0, 0]
    assert image[50, 30] < image[50, 80] < 1
