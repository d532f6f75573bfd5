from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from point_networks import golden, published_tensors, recipe_network
from tiny import tiny_backbone

from pointclip.catalog.backbones import resolve_backbone
from pointclip.catalog.point_backbones import POINT_DEFAULTS
from pointclip.core.errors import UserError
from pointclip.core.store import read_parquet, write_parquet
from pointclip.encoders.point.encoder import PointEncoder, load_point_encoder
from pointclip.encoders.text_tower import TextFeatures, load_text_tower, write_text_features
from pointclip.features.prompts import load_prompts
from pointclip.features.text import encode_text


ENTRY = POINT_DEFAULTS | {
    "name": "mini",
    "network": "uni3d_mini_base",
    "prompts": "shape_templates",
    "text": "tiny",
    "points": 2048,
    "repeat": False,
    "up": "y",
    "text_features": None,
}


def texts(folder, channels):
    """A text tower's answer to one sentence."""
    path = folder / f"{channels}.parquet"
    frame = pd.DataFrame({"sentence": ["a chair."], "feature": [np.ones(channels, np.float32)]})
    write_parquet(frame, path, tower="tiny")
    return TextFeatures(path)


def encoder_of(folder, scale=50.0, channels=20):
    network = recipe_network("uni3d_mini_base", folder)
    load_texts = partial(texts, folder, channels)
    return PointEncoder(network, scale, load_texts, ENTRY, torch.device("cpu"), "0" * 64)


@pytest.fixture
def encoder(tmp_path):
    return encoder_of(tmp_path)


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
    other = encoder_of(tmp_path, channels=16)
    with pytest.raises(UserError, match=r"'mini' have 20 channels, .* 'tiny' have 16"):
        other.encode_texts(["a chair."])
    assert encoder.encode_texts(["a chair."]).shape == (1, 20)


def test_a_shipped_file_of_text_features_gives_the_prototypes_of_the_tower(tmp_path):
    """What the DAG keeps of a prompt set is the same, whether the tower is there or its answers."""
    tower = load_text_tower(
        resolve_backbone(tiny_backbone(tmp_path / "tower", embed_dim=20)), "cpu"
    )
    prompts, classes = load_prompts("shape_templates"), ["chair", "night_stand"]
    sentences = [one for name in classes for one in prompts.sentences(name)]
    write_text_features(sentences, tower, "tiny", tmp_path / "texts.parquet")
    network = recipe_network("uni3d_mini_base", tmp_path)
    frames = []
    for load_texts in (lambda: tower, lambda: TextFeatures(tmp_path / "texts.parquet")):
        encoder = PointEncoder(network, 50.0, load_texts, ENTRY, torch.device("cpu"), "0" * 64)
        encode_text(classes, prompts, encoder, tmp_path / "prototypes.parquet")
        frames.append(read_parquet(tmp_path / "prototypes.parquet"))
    for column in ("feature", "sentence_features"):
        ours, theirs = (np.stack(frame[column].to_list()) for frame in frames)
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert (tmp_path / "texts.parquet").stat().st_size < 100_000


def test_the_logit_scale_is_the_files_or_clips(encoder, tmp_path):
    assert encoder.logit_scale == encoder.attrs["logit_scale"] == 50
    assert encoder_of(tmp_path, scale=None).logit_scale == 100


def test_points_read(encoder):
    assert [encoder.points_read(n) for n in (1000, 2048, 5000)] == [1000, 2048, 2048]
    encoder._entry = ENTRY | {"repeat": True}
    assert [encoder.points_read(n) for n in (1000, 5000)] == [2048, 2048]


def test_an_encoder_is_loaded_by_its_entry(tmp_path):
    """With the weights of both of its halves where the weights of all backbones lie."""
    tower = tiny_backbone(tmp_path, embed_dim=512)
    (tmp_path / "openshape_b32").mkdir()
    tensors = {f"pc_encoder.{k}": v for k, v in published_tensors("openshape_b32").items()}
    torch.save(tensors, tmp_path / "openshape_b32" / "model.pt")
    encoder = load_point_encoder("openshape_b32", "cpu", tmp_path, text=tower)
    raw = golden()["cloud/raw_xyz"]
    feature = encoder.encode_points(raw[None, :64])[0]
    assert feature.shape == (512,)
    assert encoder.encode_texts(["a chair."]).shape == (1, 512)
    with pytest.raises(UserError, match="'rn50' reads depth maps, not points"):
        load_point_encoder("rn50", "cpu", tmp_path)


def test_missing_weights_are_told_with_their_place(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(UserError) as caught:
        load_point_encoder("uni3d_b", "cpu", tmp_path)
    message = str(caught.value)
    assert "modelzoo/uni3d-b/model.pt, BAAI/Uni3D on the hub, about 0.2 GB" in message
    assert str(tmp_path / "uni3d_b" / "model.pt") in message
    with pytest.raises(UserError, match="Weights of 'uni3d_ti' are published nowhere"):
        load_point_encoder("uni3d_ti", "cpu", tmp_path)
