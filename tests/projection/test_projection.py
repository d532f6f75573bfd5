import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from places import GOLDEN

from pointclip.catalog.projections import PROJECTIONS
from pointclip.core.errors import UserError
from pointclip.projection import render_torch
from pointclip.projection.projection import get_projection
from pointclip.projection.render_cpu import to_half
from pointclip.projection.views import view_rotations


RELEASED = np.load(GOLDEN / "projections.npz")
IMAGES = {
    "pointclip_zs": "v1_zeroshot_128",
    "pointclip_fs": "v1_fewshot_224",
    "pointclip_v2": "v2_native",
}
NAMES = list(PROJECTIONS)
SURFACES = [name for name in NAMES if PROJECTIONS[name]["method"] == "surface"]


def cloud(points=200, clouds=1, seed=0):
    return torch.randn(clouds, points, 3, generator=torch.Generator().manual_seed(seed)) * 0.3


def about_y(angle):
    c, s = math.cos(angle), math.sin(angle)
    return torch.tensor([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def on_torch(projection, points):
    draw = getattr(render_torch, projection.params["method"])
    return draw(points, torch.from_numpy(projection.rotations), projection.params)


def share_that_differs(a, b, by=1e-3):
    return ((a - b).abs() > by).float().mean().item()


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def golden_points():
    return torch.from_numpy(RELEASED["points"])


@pytest.mark.parametrize("name", IMAGES)
def test_images_are_the_released_ones(name, golden_points):
    images, released = get_projection(name)(golden_points), torch.from_numpy(RELEASED[IMAGES[name]])
    # Points that lie exactly on a cell's border may fall to either side.
    assert share_that_differs(images, released) <= (1e-3 if name == "pointclip_v2" else 1 / 20_000)
    assert (images - released).abs().mean() < 1e-4


@pytest.mark.parametrize(
    ("name", "sums"), [("pointclip_zs", "v1_zeroshot_224_sum"), ("pointclip_v2", "v2_224_sum")]
)
def test_images_resized_as_released_have_the_released_sums(name, sums, golden_points):
    images = get_projection(name)(golden_points)
    resized = F.interpolate(images, (224, 224), mode="bilinear", align_corners=True)
    expected = torch.from_numpy(RELEASED[sums])
    assert torch.allclose(resized.double().sum((2, 3)), expected, rtol=1e-3)


@pytest.mark.parametrize(
    ("name", "overrides"),
    [
        *[(name, {}) for name in NAMES],
        ("pointclip_zs", {"splat": 4, "size": 33}),
        ("pointclip_zs", {"distance": 0.2}),
        ("pointclip_v2", {"densify": 1}),
        ("pointclip_v2", {"densify": 11, "grid_size": 31, "scale": 1.0}),
        ("pointclip_v2", {"smooth": "none"}),
        ("pointclip_v2", {"smooth_size": 9, "sigma": 2.0, "trim": 0}),
        ("pointclip_v2", {"grid_depth": 32, "densify_depth": 5, "smooth_depth": 5}),
        ("contour", {"grid_depth": 8, "densify_depth": 1, "smooth_size": 3}),
    ],
)
def test_kernels_and_torch_draw_the_same_bits(name, overrides):
    projection = get_projection(name, views=[0, 3], **overrides)
    points = cloud(clouds=2)
    assert torch.equal(projection(points), on_torch(projection, points))


@pytest.mark.parametrize("name", NAMES)
def test_a_cloud_is_drawn_alike_in_any_batch_and_on_any_number_of_threads(name):
    projection, points = get_projection(name), cloud(clouds=3)
    together = projection(points)
    torch.set_num_threads(3)
    assert torch.equal(projection(points), together)
    for k in range(3):
        assert torch.equal(projection(points[k : k + 1])[0], together[k])


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_too_large_for_the_scratch_memory_is_drawn_in_turns(name, monkeypatch):
    projection, points = get_projection(name, views=[0]), cloud(clouds=3)
    whole = on_torch(projection, points)
    monkeypatch.setattr("pointclip.projection.projection._SCRATCH", 1)
    assert torch.equal(projection.on_torch(points), whole)


@pytest.mark.parametrize("name", NAMES)
def test_points_are_left_as_they_were_and_no_gradient_is_kept(name):
    points = cloud().requires_grad_()
    before = points.detach().clone()
    images = get_projection(name, views=[0])(points)
    assert torch.equal(points.detach(), before)
    assert not images.requires_grad


@pytest.mark.parametrize("name", NAMES)
def test_shape_names_and_type_are_as_announced(name):
    projection = get_projection(name)
    images = projection(cloud(clouds=2))
    assert images.shape == (2, projection.views, *projection.size)
    assert images.dtype == torch.float32
    assert len(projection.view_names) == len(set(projection.view_names)) == projection.views
    assert projection(cloud(clouds=2)[:0]).shape == (0, projection.views, *projection.size)


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
        assert torch.equal(images, on_torch(projection, points))
    if projection.params["method"] == "surface":
        assert images.min() == 0  # the nearest is black
        assert images.max() == 1  # and the background white


@settings(deadline=None, max_examples=25)
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
    images = projection(points)
    assert torch.isfinite(images).all()
    assert torch.equal(images, on_torch(projection, points))


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
@settings(deadline=None, max_examples=20)
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
def test_turning_the_cloud_by_a_view_moves_every_view_to_the_next(name, elevation):
    ring = {"set": "ring-6", "elevation": elevation}
    projection, points = get_projection(name, views=ring), cloud()
    # Camera k sees of the turned cloud what camera k-1 saw before.
    turned = points @ about_y(math.pi / 3).T
    before, after = projection(points)[0], projection(turned)[0]
    # Rounding moves some points to the next cell, never more.
    allowed = 0.02 if projection.params["method"] == "perspective" else 0.1
    assert share_that_differs(after.roll(-1, 0), before, by=0.02) < allowed
    assert share_that_differs(after, before, by=0.02) > 2 * allowed or allowed == 0.02


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


def test_views_can_be_replaced_narrowed_and_picked_by_index():
    every = get_projection("pointclip_v2")
    points = cloud()
    some = get_projection("pointclip_v2", views=[2, 7])
    assert torch.equal(some(points), every(points)[:, [2, 7]])
    assert some.view_names == [every.view_names[k] for k in (2, 7)]
    other = get_projection("pointclip_v2", views="fibonacci-3")
    assert np.array_equal(other.rotations, view_rotations("fibonacci-3"))


def test_a_variant_names_its_parameters():
    variant = get_projection("pointclip_v2", grid_depth=16)
    assert variant.params == PROJECTIONS["pointclip_v2"] | {"grid_depth": 16}
    assert PROJECTIONS["pointclip_v2"]["grid_depth"] == 8


@pytest.mark.parametrize(
    ("name", "overrides", "sentence"),
    [
        ("pointclip_v3", {}, "Unknown projection 'pointclip_v3': choose one of pointclip_zs"),
        ("pointclip_v2", {"size": 9}, "Unknown parameter of projection 'pointclip_v2' 'size'"),
        ("pointclip_v2", {"densify": 4}, "densify=4: give an odd number from 1"),
        ("pointclip_v2", {"grid_depth": 2}, "grid_depth=2: give a whole number from 3"),
        ("pointclip_v2", {"scale": math.nan}, "scale=nan: give a number"),
        ("pointclip_v2", {"scale": "big"}, "scale='big'"),
        ("pointclip_v2", {"grid_size": 8, "trim": 4}, "trim"),
        ("pointclip_v2", {"smooth": "median"}, "choose one of gaussian, bilateral, none"),
        ("pointclip_zs", {"splat": 3}, "splat=3: give 1 or an even number"),
        ("pointclip_zs", {"views": "all"}, "Unknown view set 'all'"),
        ("pointclip_zs", {"views": [6]}, "0 to 5"),
        ("pointclip_zs", {"method": "surface"}, "method"),
    ],
)
def test_what_is_no_projection_is_said_in_one_sentence(name, overrides, sentence):
    with pytest.raises(UserError, match=sentence):
        get_projection(name, **overrides)


@pytest.mark.parametrize(
    ("points", "sentence"),
    [
        (torch.zeros(4, 3), r"not \(4, 3\)"),
        (torch.zeros(1, 3, 4), r"not \(1, 3, 4\)"),
        (torch.zeros(2, 0, 3), r"at least one point, not \(2, 0, 3\)"),
        (torch.zeros(1, 4, 3).double(), "float32 tensor, not torch.float64"),
        (torch.zeros(1, 4, 3).int(), "not torch.int32"),
        (np.zeros((1, 4, 3)), "not float64"),
        (
            torch.tensor([[[0.0] * 3, [0, math.nan, 0]]]),
            r"Point 1 of cloud 0 is \[0.0, nan, 0.0\]: coordinates must be finite",
        ),
        (torch.full((1, 1, 3), 1e18), "smaller than 1e"),
        (torch.tensor([[[math.inf, 0, 0]]]), "Point 0 of cloud 0 is"),
    ],
)
def test_what_cannot_be_drawn_is_said_in_one_sentence(points, sentence):
    with pytest.raises(UserError, match=sentence):
        get_projection("pointclip_v2")(points)


def test_rounding_to_half_precision_is_numpys():
    every = np.arange(2**16, dtype=np.uint16).view(np.float16).astype(np.float32)
    every = every[np.isfinite(every)]
    ties = (every[1:] + every[:-1]) / 2
    beyond = np.array([65519.99, 65520, 1e9, -1e9, 1e-30, -0.0], np.float32)
    above, below = (np.nextafter(every, np.float32(x)) for x in (1e9, -1e9))
    numbers = np.concatenate([every, ties, above, below, beyond])[None]
    with np.errstate(over="ignore"):
        expected = numbers.astype(np.float16)
    np.testing.assert_array_equal(to_half(numbers).view(np.uint16), expected.view(np.uint16))


def test_numpy_points_are_drawn_too():
    points = cloud()
    projection = get_projection("pointclip_zs")
    assert torch.equal(projection(points.numpy()), projection(points))


def test_a_part_of_a_view_set_is_replaced_or_all_of_it():
    ring = get_projection("elevated_ring")
    part = get_projection("elevated_ring", views=[0, 3])
    assert np.array_equal(part.rotations, ring.rotations[[0, 3]])
    higher = get_projection("elevated_ring", views={"elevation": 40})
    assert higher.views == ring.views
    assert not np.allclose(higher.rotations, ring.rotations)
    assert get_projection("elevated_ring", views={"set": "fibonacci-7"}).views == 7
