import numpy as np
import pytest

from pointclip.core.errors import UserError
from pointclip.registration.match import fuse, match, mutual_nearest, sample_map, transfer


SIDES = ("rgb", "depth")


def test_mutual_neighbours_equal_the_release(golden):
    found = mutual_nearest(golden["mutual/a"], golden["mutual/b"])
    assert np.array_equal(found, golden["mutual/pairs"])


@pytest.mark.parametrize("side", SIDES)
def test_sampling_transfer_and_fusion_equal_the_release(golden, side):
    width, height = map(int, golden[f"pair/{side}_size_wh"])
    uv = golden[f"pair/{side}_uv"].astype(int)
    sampled = sample_map(golden[f"pca/{side}_map"], uv, width, height)
    assert np.abs(sampled - golden[f"sample/{side}_diffusion"]).max() < 1e-5
    cloud = golden[f"transfer/{side}_points"], golden[f"transfer/{side}_features"]
    radius = float(golden["transfer/radius"])
    moved = transfer(*cloud, golden[f"pair/{side}_xyz"], radius)
    assert np.array_equal(moved, golden[f"transfer/{side}"])
    fused = fuse([golden[f"sample/{side}_diffusion"], moved], [0.5, 0.5])
    assert np.abs(fused - golden[f"fuse/{side}"]).max() < 1e-6


@pytest.mark.parametrize(
    ("name", "weights"),
    [("fused", (1, 1)), ("fused_3to1", (3, 1)), ("diffusion", (1, 0)), ("geometric", (0, 1))],
)
def test_matches_equal_the_release(golden, name, weights):
    features, kept = [], []
    for side in SIDES:
        parts = [golden[f"sample/{side}_diffusion"], golden[f"transfer/{side}"]]
        features.append(fuse(parts, weights))
        kept.append(np.isin(np.arange(192), golden[f"match/{side}_kept"]))
    assert np.array_equal(match(*features, *kept), golden[f"match/{name}"])


def test_nothing_to_match_gives_no_match():
    nothing = np.zeros(3, dtype=bool)
    found = match(np.ones((3, 2)), np.ones((3, 2)), nothing, ~nothing)
    assert found.shape == (0, 2)


def test_a_keypoint_without_a_point_takes_no_feature():
    keypoints = np.array([[0, 0, 1.0], [np.nan] * 3, [5, 5, 5]])
    moved = transfer(np.array([[0, 0, 1.1]]), np.ones((1, 4)), keypoints, 0.5)
    assert moved.sum(axis=1).tolist() == [4, 0, 0]


@pytest.mark.parametrize("weights", [[1.0], [-1.0, 2.0], [0.0, 0.0]])
def test_weights_that_make_no_sense_are_told(weights):
    with pytest.raises(UserError, match="2 feature families need as many weights"):
        fuse([np.ones((2, 2)), np.ones((2, 2))], weights)
