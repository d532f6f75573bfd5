import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pointclip.encoders.encoder import Encoder
from pointclip.registration.dense import clip_dense
from pointclip.registration.dense.clip_dense import (
    depth_input,
    input_size,
    patch_features,
    photo_input,
)


def test_the_short_side_is_as_asked_and_the_other_keeps_the_shape():
    assert input_size(640, 480, short_side=224, cell=14) == (224, 294)
    assert input_size(480, 640, short_side=224, cell=14) == (294, 224)


@given(*(st.integers(1, 2000) for _ in range(3)), st.integers(1, 32))
def test_both_sides_are_whole_cells_and_at_least_one(width, height, short_side, cell):
    for side in input_size(width, height, short_side, cell):
        assert side >= cell and side % cell == 0


def test_channels_of_a_photo_stay_red_green_and_blue_from_0_to_1():
    photo = np.zeros((4, 6, 3), np.uint8)
    photo[:, :, 0], photo[1, 2, 2] = 255, 51
    found = photo_input(photo, (4, 6))
    assert found.shape == (1, 3, 4, 6)
    np.testing.assert_allclose(found[0].permute(1, 2, 0), photo / np.float32(255))


@pytest.mark.parametrize("size", [(8, 12), (2, 3), (5, 5)])
def test_a_photo_and_a_depth_map_are_resized_alike(size):
    grey = np.random.default_rng(0).integers(0, 256, (4, 6)).astype(np.uint8)
    photo = photo_input(np.stack([grey] * 3, -1), size)
    depth = depth_input(grey.astype(np.float32) / 255, size)
    assert photo.shape == (1, 3, *size)
    torch.testing.assert_close(photo, depth)


def features_at(cells, uv, monkeypatch):
    """Of an image of 5 x 3 pixels whose cells, of a row each, have these features."""
    maps = torch.tensor(cells, dtype=torch.float32).permute(2, 0, 1)[None]
    monkeypatch.setattr(clip_dense, "encode_dense", lambda encoder, images: maps)
    encoder = object.__new__(Encoder)
    return patch_features(encoder, torch.zeros(1, 3, 3, 5), np.array(uv), width=5, height=3)


def test_features_are_of_unit_length_and_their_mean_is_taken_out(monkeypatch):
    cells = [[[3, 0], [0, 2]], [[5, 0], [0, 1]]]
    found = features_at(cells, [[0, 0], [4, 2], [2, 1], [1, 0]], monkeypatch)
    expected = [[0.5, -0.5], [-0.5, 0.5], [0, 0], [0.25, -0.25]]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_what_all_patches_share_says_nothing_and_an_empty_patch_is_no_error(monkeypatch):
    alike = [[[1, 2], [2, 4]], [[3, 6], [1, 2]]]
    found = features_at(alike, [[0, 0], [4, 2]], monkeypatch)
    np.testing.assert_allclose(found, 0, atol=1e-6)
    found = features_at([[[0, 0], [0, 2]], [[0, 0], [0, 0]]], [[0, 0], [4, 0]], monkeypatch)
    np.testing.assert_allclose(found, [[0, -0.25], [0, 0.75]], atol=1e-6)
