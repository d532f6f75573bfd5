import numpy as np
import pytest
import torch
from point_networks import golden, golden_cloud

from pointclip.encoders.point.grouping import (
    _nearest_by_torch,
    _within_by_torch,
    nearest_points,
    points_within,
    take,
)


@pytest.mark.parametrize("case", ["10k", "2k"])
@pytest.mark.parametrize("model, radius", [("openshape_b32", 0.4), ("openshape_g14", 0.2)])
def test_points_within_a_radius_are_the_released_ones(model, radius, case):
    points, _ = golden_cloud(case)
    centres = take(points, torch.from_numpy(np.int64(golden()[f"{model}/{case}/fps"]))[None])
    released, sums = golden()[f"{model}/{case}/group"], golden()[f"{model}/{case}/group_sum"]
    size = released.shape[1]
    for groups in (
        points_within(points, centres, radius, size)[0],
        _within_by_torch(points, centres, float(np.float32(radius**2)), size)[0],
    ):
        assert np.array_equal(groups[:16], released)
        assert np.array_equal(groups.sum(-1), sums)


@pytest.mark.parametrize("case", ["10k", "2k"])
@pytest.mark.parametrize("model", ["uni3d_base", "ulip2_full"])
def test_nearest_points_are_the_released_ones(model, case):
    points, _ = golden_cloud(case)
    centres = take(points, torch.from_numpy(np.int64(golden()[f"{model}/{case}/fps"]))[None])
    released, sums = golden()[f"{model}/{case}/group"], golden()[f"{model}/{case}/group_sum"]
    size = released.shape[1]
    for nearest in (nearest_points, _nearest_by_torch):
        groups = nearest(points, centres, size)[0].sort(-1).values
        assert np.array_equal(groups[:16], released)
        assert np.array_equal(groups.sum(-1), sums)


def test_of_equally_near_points_the_lowest_indices_are_taken():
    # Four copies of a lattice: every distance occurs at least four times.
    lattice = np.stack(np.meshgrid(*[np.arange(4.0)] * 3), axis=-1).reshape(-1, 3)
    points = torch.from_numpy(np.float32(np.tile(lattice, (4, 1))))[None]
    centres = points[:, [0, 21, 63]]
    expected = []
    for centre in centres[0].numpy():
        distance = ((points[0].numpy() - centre) ** 2).sum(1)
        expected.append(np.sort(np.argsort(distance, kind="stable")[:10]))
    for nearest in (nearest_points, _nearest_by_torch):
        assert np.array_equal(nearest(points, centres, 10)[0].sort(-1).values, expected)


def test_small_groups_repeat_their_first_point():
    points = torch.tensor([[[0.0, 0, 0], [5, 0, 0], [0.1, 0, 0], [5.1, 0, 0]]])
    expected = [[0, 2, 0, 0, 0], [1, 3, 1, 1, 1]]
    for groups in (
        points_within(points, points[:, :2], 1.0, 5),
        _within_by_torch(points, points[:, :2], 1.0, 5),
    ):
        assert groups[0].tolist() == expected


def test_take_reads_each_shapes_own_rows():
    values = torch.arange(12.0).view(2, 3, 2)
    index = torch.tensor([[[0, 2]], [[1, 1]]])
    assert take(values, index).tolist() == [[[[0, 1], [4, 5]]], [[[8, 9], [8, 9]]]]
