import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from places import GOLDEN
from rendering import NAMES, cloud, share_that_differs

from pointclip.catalog.projections import PROJECTIONS
from pointclip.core.errors import UserError
from pointclip.projection.projection import get_projection
from pointclip.projection.views import view_rotations


RELEASED = np.load(GOLDEN / "projections.npz")
IMAGES = {
    "pointclip_zs": "v1_zeroshot_128",
    "pointclip_fs": "v1_fewshot_224",
    "pointclip_v2": "v2_native",
}


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
            r"Point 1 of shape 0 is \[0.0, nan, 0.0\]: coordinates must be finite",
        ),
        (torch.full((1, 1, 3), 1e18), "smaller than 1e"),
        (torch.tensor([[[math.inf, 0, 0]]]), "Point 0 of shape 0 is"),
    ],
)
def test_what_cannot_be_rendered_is_said_in_one_sentence(points, sentence):
    with pytest.raises(UserError, match=sentence):
        get_projection("pointclip_v2")(points)


def test_numpy_points_are_rendered_too():
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
