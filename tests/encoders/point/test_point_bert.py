from types import SimpleNamespace

import pytest
import torch

from pointclip.encoders.point.point_bert import PointBert


SIZE = SimpleNamespace(groups=4, group_points=6, width=12, group_width=10, out=20)


@pytest.fixture
def network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return PointBert(SIZE).eval()


def cloud(shapes=2, points=40):
    generator = torch.Generator().manual_seed(0)
    return tuple(torch.rand(shapes, points, 3, generator=generator) for _ in range(2))


@torch.no_grad()
def test_each_group_has_a_feature_and_each_centre_an_embedding(network):
    features, places = network.encode_groups(*cloud())
    assert features.shape == (2, 4, 10) and places.shape == (2, 4, 12)


@torch.no_grad()
def test_a_group_is_read_relative_to_its_centre_which_is_one_of_its_points(network):
    seen = []
    network.encoder.register_forward_hook(lambda _, given, __: seen.append(given[0]))
    points, colors = cloud()
    network.encode_groups(points, colors)
    distance = seen[0][..., :3].norm(dim=-1)
    assert seen[0].shape == (8, 6, 6)
    assert distance.amin(1).max() == 0 and distance.max() < 1


@torch.no_grad()
def test_colours_count_and_stay_with_their_points(network):
    points, colors = cloud()
    features, places = network.encode_groups(points, colors)
    other, same = network.encode_groups(points, 1 - colors)
    assert not torch.allclose(other, features) and torch.equal(same, places)
    swapped = network.encode_groups(points.flip(0), colors.flip(0))[0]
    torch.testing.assert_close(swapped.flip(0), features)


@torch.no_grad()
def test_groups_lie_around_points_that_are_far_from_each_other(network):
    corners = torch.tensor([[0.0, 0, 1], [0, 9, 0], [9, 0, 0], [9, 9, 0]])
    points = (corners[:, None] + 0.01 * cloud(4, 6)[0]).reshape(1, 24, 3)
    seen = []
    network.pos_embed.register_forward_hook(lambda _, given, __: seen.append(given[0]))
    network.encode_groups(points, torch.zeros_like(points))
    nearest = torch.cdist(seen[0][0], corners).argmin(1)
    assert sorted(nearest.tolist()) == [0, 1, 2, 3]


def test_the_fewest_points_are_those_of_all_centres_and_of_one_group(network):
    assert network.fewest_points == 6 and network.dim == 20
    assert PointBert(SimpleNamespace(**vars(SIZE) | {"groups": 9})).fewest_points == 9
