import numpy as np
import pandas as pd
import pytest
import torch
from tiny import tiny_backbone

from pointclip.app.train_folder import train_on_folder
from pointclip.classification.few_shot.adapter_file import read_adapter
from pointclip.classification.few_shot.trained_with import describe
from pointclip.core.errors import UserError
from pointclip.encoders.encoder import load_encoder
from pointclip.features.prompts import load_prompts
from pointclip.projection.projection import get_projection


@pytest.fixture
def folder(tmp_path):
    """Eight balls and five sticks."""
    rng = np.random.default_rng(0)
    for name, count, scale in (("ball", 8, (1, 1, 1)), ("stick", 5, (0.1, 1, 0.1))):
        (tmp_path / "own" / name).mkdir(parents=True)
        for k in range(count):
            points = rng.normal(size=(200, 3))
            points /= np.linalg.norm(points, axis=1, keepdims=True)
            np.save(tmp_path / "own" / name / f"{k}.npy", (points * scale).astype(np.float32))
    return tmp_path / "own"


@pytest.fixture(scope="module")
def train(tmp_path_factory):
    entry = tiny_backbone(tmp_path_factory.mktemp("tiny"), prompts="class_name")
    encoder, projection = load_encoder(entry, "cpu"), get_projection("pointclip_zs", size=32)
    prompts = load_prompts("class_name")

    def trained(folder, **options):
        given = {"method": "linear_probe", "copies": 2, "points": 100, **options}
        return train_on_folder(
            folder, folder.parent / "a.safetensors", projection, encoder, prompts, **given
        )

    return trained


def test_a_quarter_of_each_class_is_held_out_and_the_rest_is_learned(folder, train):
    parts = describe({"base": "pointclip_zs", "size": 32}, "rn50", "class_name")
    result = train(folder, parts=parts)
    assert result.classes == ["ball", "stick"]
    assert result.shapes == (8 - 2) + (5 - 1)
    assert result.held_out["label"].tolist() == [0, 0, 1]
    right = result.held_out["label"] == result.held_out["predicted"]
    assert result.accuracy == 100 * right.mean()
    adapter = read_adapter(folder.parent / "a.safetensors")
    assert (adapter.method, adapter.protocol) == ("linear_probe", "plain")
    assert adapter.seeds == [0] and adapter.classes == ["ball", "stick"]
    assert adapter.unchecked_parts == parts


def test_training_twice_gives_the_same(folder, train):
    found = []
    for _ in range(2):
        result = train(folder)
        found.append((result.held_out, read_adapter(folder.parent / "a.safetensors").state))
    pd.testing.assert_frame_equal(found[0][0], found[1][0])
    assert all(torch.equal(found[0][1][name], found[1][1][name]) for name in found[0][1])


def test_a_number_of_shots_is_of_each_class(folder, train):
    assert train(folder, shots=2).shapes == 4


def test_more_shots_than_shapes_are_the_shapes_that_there_are(folder, train):
    result = train(folder, shots=100)
    assert result.shapes == (8 - 2) + (5 - 1)
    assert result.fewer == {"ball": 6, "stick": 4}


def test_test_shapes_of_the_folder_are_held_out_and_no_others(folder, train):
    for name in ("ball", "stick"):
        (folder / name / "test").mkdir()
        (folder / name / "0.npy").rename(folder / name / "test" / "0.npy")
    result = train(folder, shots=6)
    assert result.tested and result.held_out["label"].tolist() == [0, 1]
    assert result.shapes == 6 + 4 and result.fewer == {"stick": 4}


def test_a_file_that_cannot_be_read_is_told_and_the_others_go_on(folder, train):
    (folder / "ball" / "broken.ply").write_text("ply")
    told = []
    assert train(folder, on_error=told.append).shapes == 10
    assert len(told) == 1 and "broken.ply" in told[0]


def test_too_few_classes_and_unknown_methods_are_sentences(folder, train):
    with pytest.raises(
        UserError, match="Unknown few-shot method 'probe': choose one of inter_view"
    ):
        train(folder, method="probe")
