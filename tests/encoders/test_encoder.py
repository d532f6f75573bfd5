from pathlib import Path

import pytest
import torch
from tiny import save_model, tiny_backbone

from pointclip.catalog.backbones import BACKBONES
from pointclip.core.errors import UserError
from pointclip.encoders.encoder import load_encoder
from pointclip.encoders.weights import sha256, write_manifest


def test_features_have_the_shape_of_the_depth_maps(encoder):
    assert encoder.name == "tiny"
    assert encoder.image_size == (32, 32)
    assert encoder.dim == 16
    assert encoder.logit_scale == pytest.approx(1 / 0.07, rel=1e-4)
    depth = torch.rand(3, 2, 40, 30)
    features = encoder.encode_images(depth)
    assert features.shape == (3, 2, 16)
    assert features.dtype == torch.float32
    torch.testing.assert_close(encoder.encode_images(depth[1, 1]), features[1, 1])
    assert encoder.encode_images(torch.empty(0, 2, 32, 32)).shape == (0, 2, 16)


def test_batches_do_not_change_features(entry, encoder):
    depth = torch.rand(10, 32, 32)
    small = load_encoder({**entry, "batch": 3}, device="cpu")
    assert small.batch == 3 and encoder.batch == 32
    torch.testing.assert_close(small.encode_images(depth), encoder.encode_images(depth))


def test_sentences_become_features(encoder):
    features = encoder.encode_texts(["a chair", "a table"])
    assert features.shape == (2, 16)
    assert not torch.allclose(features[0], features[1])
    assert encoder.encode_texts([]).shape == (0, 16)


def test_mean_and_std_belong_to_the_entry(entry, encoder):
    depth = torch.rand(2, 32, 32)
    clip = load_encoder({**entry, "mean_std": "clip"}, device="cpu")
    half = {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}
    own = load_encoder({**entry, "mean_std": half}, device="cpu")
    torch.testing.assert_close(own.encode_images(depth), encoder.encode_images(2 * depth - 1))
    assert not torch.allclose(clip.encode_images(depth), encoder.encode_images(depth))


def test_polarity_belongs_to_the_entry(entry, encoder):
    depth = torch.rand(2, 32, 32)
    inverted = load_encoder({**entry, "polarity": "invert"}, device="cpu")
    torch.testing.assert_close(inverted.encode_images(1 - depth), encoder.encode_images(depth))


def test_precision_belongs_to_the_entry(entry, encoder):
    depth = torch.rand(2, 32, 32)
    half = load_encoder({**entry, "precision": "bf16"}, device="cpu")
    assert half.encode_images(depth).dtype == torch.float32
    torch.testing.assert_close(
        half.encode_images(depth), encoder.encode_images(depth), atol=0.05, rtol=0.05
    )


@pytest.mark.parametrize(
    ("backbone", "sentence"),
    [
        ("rn51", "Unknown backbone 'rn51': choose one of .*rn50"),
        ({"base": "rn50", "colour": 1}, "Unknown key 'colour'"),
        ({"base": "rn50", "mean_std": "nice"}, "Unknown mean_std of backbone 'rn50' 'nice'"),
        ({"pretrained": "openai"}, "no 'model', 'module', 'network' or base"),
        ({"model": "RN50", "weights": "none.pt"}, "'none.pt' does not exist"),
    ],
)
def test_a_wrong_entry_is_told_in_one_sentence(backbone, sentence):
    with pytest.raises(UserError, match=sentence):
        load_encoder(backbone, device="cpu")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["rn50", "vit_b_32"])
def test_real_architectures_run_on_random_weights(name, tmp_path, monkeypatch):
    import open_clip

    monkeypatch.setattr(
        "pointclip.encoders.hub.fetch_from_hub", lambda *_: pytest.fail("asks the hub")
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = open_clip.create_model(BACKBONES[name]["model"], load_weights=False)
    (tmp_path / name).mkdir()
    save_model(model, tmp_path / name / "open_clip_model.safetensors")
    encoder = load_encoder(name, "cpu", tmp_path)
    assert encoder.image_size == (224, 224)
    depth = torch.rand(2, 128, 128)
    assert encoder.encode_images(depth).shape == (2, encoder.dim)
    assert encoder.dim == open_clip.get_model_config(BACKBONES[name]["model"])["embed_dim"]
    assert encoder.encode_texts(["point cloud of a big chair."]).shape == (1, encoder.dim)


def test_an_encoder_says_which_weights_it_has_and_how_it_computes(entry, encoder):
    half = load_encoder({**entry, "precision": "bf16"}, device="cpu")
    assert encoder.attrs["weights_sha256"] == half.attrs["weights_sha256"]
    assert encoder.attrs["weights_sha256"] == sha256(Path(entry["weights"]))
    assert (encoder.attrs["dtype"], half.attrs["dtype"]) == ("float32", "bfloat16")
    assert encoder.attrs["device"] == "cpu"


def test_weights_that_are_handed_in_are_loaded_and_nothing_else(entry, encoder, tmp_path):
    # As a rule's input: a checkpoint, or the manifest that names one.
    other = tiny_backbone(tmp_path / "other", seed=1)
    write_manifest(Path(other["weights"]), tmp_path, "tiny", "a test")
    for weights in (other["weights"], tmp_path / "tiny" / "weights.json"):
        loaded = load_encoder(entry, device="cpu", weights=weights)
        assert loaded.weights_sha256 == sha256(Path(other["weights"])) != encoder.weights_sha256
