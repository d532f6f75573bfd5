"""Patch features of an encoder: scaled as its entry says, in bounded batches."""

import pytest
import torch
from tiny import tiny_backbone

from pointclip.core.errors import UserError
from pointclip.encoders.dense import cell_size, encode_dense
from pointclip.encoders.encoder import load_encoder


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return load_encoder(tiny_backbone(tmp_path_factory.mktemp("tiny")), device="cpu")


def test_iconclip_has_a_feature_per_cell_whose_mean_is_the_images():
    encoder = load_encoder("iconclip", device="cpu")
    assert cell_size(encoder) == 32
    depth = torch.rand(3, 96, 64)
    grid = encode_dense(encoder, depth[:, None].expand(-1, 3, -1, -1))
    assert grid.shape == (3, 128, 3, 2)
    encoder.image_size = (96, 64)  # a convolutional tower takes any
    torch.testing.assert_close(
        grid.mean((2, 3)), encoder.encode_images(depth), atol=1e-5, rtol=1e-4
    )
    with pytest.raises(UserError, match=r"'iconclip': a convolutional tower .* 'ordinary'"):
        encode_dense(encoder, torch.rand(1, 3, 32, 32), "maskclip")


def test_mean_and_std_of_the_entry_are_applied(tmp_path):
    plain = load_encoder(tiny_backbone(tmp_path), device="cpu")
    normalising = load_encoder(tiny_backbone(tmp_path, mean_std="imagenet"), device="cpu")
    images = torch.rand(2, 3, 40, 24)
    mean = torch.tensor((0.485, 0.456, 0.406)).view(3, 1, 1)
    std = torch.tensor((0.229, 0.224, 0.225)).view(3, 1, 1)
    torch.testing.assert_close(
        encode_dense(normalising, images), encode_dense(plain, (images - mean) / std)
    )


def test_batches_hold_a_bounded_number_of_pixels(encoder, monkeypatch):
    images = torch.rand(5, 3, 64, 64)
    whole = torch.cat([encode_dense(encoder, image[None]) for image in images])
    seen = []
    tower = encoder._model.visual
    tower.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].shape[0]))
    monkeypatch.setattr(encoder, "batch", 8)
    # 8 images of 32x32 pixels hold as many as 2 of 64x64.
    torch.testing.assert_close(encode_dense(encoder, images), whole)
    assert seen == [2, 2, 1]
    assert encode_dense(encoder, images[:0]).shape == (0, 16, 8, 8)


@pytest.mark.parametrize("size", [(30, 32), (32, 0), (32, 33)])
def test_a_size_that_is_no_multiple_of_the_cell_is_refused(encoder, size):
    with pytest.raises(UserError, match="must be multiples of 8"):
        encode_dense(encoder, torch.rand(1, 3, *size))


def test_an_unknown_attention_is_refused(encoder):
    with pytest.raises(UserError, match="ordinary, maskclip"):
        encode_dense(encoder, torch.rand(1, 3, 32, 32), "values")
