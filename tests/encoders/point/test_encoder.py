import numpy as np
import pytest
import torch
from point_networks import golden, recipe_network

from pointclip.core.errors import UserError
from pointclip.encoders.point.encoder import PointEncoder


ENTRY = {
    "name": "mini",
    "prompts": "shape_templates",
    "text": "tiny",
    "points": 2048,
    "repeat": False,
    "z_up": False,
}


class Texts:
    """A text tower of fixed width."""

    logit_scale = 100.0

    def __init__(self, dim: int) -> None:
        self.dim = dim

    def encode_texts(self, sentences):
        return torch.zeros(len(sentences), self.dim)


@pytest.fixture
def encoder(tmp_path):
    network = recipe_network("uni3d_mini_base", tmp_path)
    return PointEncoder(network, 50.0, Texts(20), ENTRY, torch.device("cpu"))


def test_features_are_those_of_the_network(encoder):
    raw = golden()["cloud/raw_xyz"]
    # Normalised as a whole and cut to 2,048 afterwards, as the golden value was.
    cloud = golden()["cloud/xyz"][None]
    colors = golden()["cloud/rgb8"][None] / np.float32(255)
    encoder._entry = ENTRY | {"points": 10000}
    feature = encoder.encode_points(raw[None], colors)
    released = golden()["uni3d_mini_base/fan/10k/feature32"]
    assert np.abs(feature[0].numpy() - released).max() <= 1e-5 * np.abs(released).max()
    torch.testing.assert_close(feature, encoder.encode_points(cloud, colors), rtol=1e-4, atol=1e-5)


def test_features_do_not_depend_on_the_batch(encoder):
    rng = np.random.default_rng(0)
    points = np.float32(rng.normal(size=(7, 100, 3)))
    colors = np.float32(rng.random((7, 100, 3)))
    encoder.batch = 3
    together = encoder.encode_points(points, colors)
    assert together.shape == (7, 20)
    for i in range(7):
        alone = encoder.encode_points(points[i : i + 1], colors[i : i + 1])
        torch.testing.assert_close(alone[0], together[i])


def test_place_and_size_of_a_cloud_do_not_matter(encoder):
    points = np.float32(np.random.default_rng(0).normal(size=(1, 100, 3)))
    moved = points * 7 + np.float32([1, -2, 3])
    torch.testing.assert_close(
        encoder.encode_points(moved), encoder.encode_points(points), rtol=1e-3, atol=1e-4
    )


def test_no_clouds_have_no_features(encoder):
    assert encoder.encode_points(np.empty((0, 100, 3), np.float32)).shape == (0, 20)


def test_too_few_points_and_another_text_tower_get_one_sentence(encoder, tmp_path):
    with pytest.raises(UserError, match=r"mini samples 32 .* the cloud has 31 points"):
        encoder.encode_points(np.ones((1, 31, 3), np.float32))
    network = recipe_network("uni3d_mini_base", tmp_path)
    with pytest.raises(
        UserError, match="'mini' have 20 channels, those of its text tower 'tiny' 16"
    ):
        PointEncoder(network, 50.0, Texts(16), ENTRY, torch.device("cpu"))


def test_the_logit_scale_is_the_files_or_that_of_the_texts(encoder, tmp_path):
    assert encoder.logit_scale == 50
    network = recipe_network("uni3d_mini_base", tmp_path)
    assert PointEncoder(network, None, Texts(20), ENTRY, torch.device("cpu")).logit_scale == 100
