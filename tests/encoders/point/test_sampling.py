import numpy as np
import pytest
import torch
from point_networks import golden, golden_cloud

from pointclip.encoders.point.sampling import NEAR_ORIGIN, _by_torch, farthest_points


@pytest.mark.parametrize("cloud", ["shell", "grid", "grid5", "dup", "origin"])
@pytest.mark.parametrize("rule", ["dgl", "pointnet2_lowest_index"])
def test_hard_clouds_give_the_released_indices(cloud, rule):
    points = torch.from_numpy(golden()[f"fps_{cloud}/points"])[None]
    released = golden()[f"fps_{cloud}/{rule}"]
    near_origin = None if rule == "dgl" else NEAR_ORIGIN
    for sample in (farthest_points, _by_torch):
        chosen = sample(points, len(released), near_origin)
        assert np.array_equal(chosen[0], released)


@pytest.mark.parametrize("case", ["10k", "2k"])
@pytest.mark.parametrize(
    "model, near_origin",
    [("openshape_b32", None), ("openshape_g14", None), ("uni3d_base", NEAR_ORIGIN)],
)
def test_a_surface_gives_the_released_indices(model, case, near_origin):
    points, _ = golden_cloud(case)
    released = golden()[f"{model}/{case}/fps"]
    assert np.array_equal(farthest_points(points, len(released), near_origin)[0], released)


def test_shapes_of_a_batch_do_not_depend_on_each_other():
    points = torch.from_numpy(np.float32(np.random.default_rng(0).normal(size=(3, 200, 3))))
    together = farthest_points(points, 50)
    assert torch.equal(together, _by_torch(points, 50, None))
    for alone, row in zip(points, together, strict=True):
        assert torch.equal(farthest_points(alone[None], 50)[0], row)


def test_every_chosen_point_is_the_farthest_from_those_before():
    points = np.float32(np.random.default_rng(1).normal(size=(300, 3)))
    chosen = farthest_points(torch.from_numpy(points)[None], 40)[0].numpy()
    assert chosen[0] == 0
    for i in range(1, 40):
        gaps = np.linalg.norm(points[:, None] - points[chosen[:i]], axis=-1).min(axis=1)
        assert gaps[chosen[i]] >= gaps.max() - 1e-6
