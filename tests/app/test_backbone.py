"""The commands with a 3D encoder: files with colours, few-shot training, what does not fit."""

import numpy as np
import pytest
from point_networks import write_random
from tiny import tiny_backbone
from typer.testing import CliRunner

from pointclip.app.backbone import choose_projection, encode_views, load_backbone, load_points
from pointclip.app.cli import app
from pointclip.app.model import PointCLIP
from pointclip.catalog.backbones import BACKBONES, POINT_BACKBONES
from pointclip.core.errors import UserError
from pointclip.encoders.encoder import Encoder


RNG = np.random.default_rng(0)
BALL = RNG.normal(size=(300, 3))
BALL = np.float32(BALL / np.linalg.norm(BALL, axis=1, keepdims=True))
COLORS = RNG.integers(0, 256, (300, 3), np.uint8)
CLASSES = ["ball", "plate"]


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """OpenShape B/32 at random, with a tiny text tower, as built-in backbones."""
    folder = tmp_path_factory.mktemp("weights")
    (folder / "openshape_b32").mkdir()
    write_random("openshape_b32", folder / "openshape_b32" / "model.safetensors")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(BACKBONES, "tiny512", tiny_backbone(folder, embed_dim=512))
        small = {**POINT_BACKBONES["openshape_b32"], "text": "tiny512", "points": 512}
        patch.setitem(POINT_BACKBONES, "openshape_b32", small)
        yield folder


@pytest.fixture(scope="module")
def model(weights):
    return PointCLIP(CLASSES, "openshape_b32", prompts="class_name", weights_dir=weights)


def write(path, colored=True):
    np.savez(path, points=BALL, **({"colors": COLORS} if colored else {}))
    return path


def test_a_file_is_classified_by_its_points_and_colours(model, tmp_path):
    colored, grey = write(tmp_path / "a.npz"), write(tmp_path / "b.npz", colored=False)
    (tmp_path / "c.npz").write_bytes(b"no")
    np.savez(tmp_path / "d.npz", points=BALL[:20])
    files = [colored, tmp_path / "c.npz", grey, tmp_path / "d.npz"]
    first, broken, second, few = model.classify(files)
    expected = model(BALL, np.float32(COLORS) / 255)
    np.testing.assert_allclose(first.probabilities, expected, atol=1e-6)
    np.testing.assert_allclose(second.probabilities, model(BALL), atol=1e-6)
    assert np.abs(expected - model(BALL)).max() > 1e-4
    assert "c.npz" in broken.error
    assert "samples 64 groups or neighbours, and the cloud has 20 points" in few.error


def test_all_points_are_taken_and_none_is_repeated(model, weights, tmp_path):
    points, colors = load_points(write(tmp_path / "a.npz"), None, "y", model.encoder)
    assert points.shape == colors.shape == (300, 3)
    np.testing.assert_allclose(colors, COLORS / 255, atol=1e-6)
    assert load_points(tmp_path / "a.npz", 100, "y", model.encoder)[0].shape == (100, 3)
    features, depth = encode_views(points[None], colors[None], None, model.encoder)
    assert features.shape == (1, 1, 512)
    assert depth is None


def test_a_projection_must_fit_the_backbone(model, weights):
    with pytest.raises(UserError, match=r"'openshape_b32' reads points: leave .* 'contour' out"):
        PointCLIP(CLASSES, "openshape_b32", "contour", weights_dir=weights)
    assert choose_projection("none", model.encoder) is None
    flat = load_backbone("tiny512", "cpu")
    assert isinstance(flat, Encoder)
    with pytest.raises(UserError, match="'tiny' reads depth maps: give a projection"):
        choose_projection("none", flat)
    assert choose_projection(None, flat).name == "pointclip_v2"
    assert choose_projection({"base": "pointclip_zs", "size": 32}, flat).size == (32, 32)
    with pytest.raises(UserError, match="there are no depth maps to show"):
        model.look(BALL)


def test_the_commands_train_and_classify_with_a_3d_encoder(weights, tmp_path):
    for name, flat in (("ball", 1), ("plate", 0.1)):
        folder = tmp_path / "shapes" / name
        folder.mkdir(parents=True)
        for i in range(4):
            points = RNG.normal(size=(200, 3)) * [1, flat, 1]
            np.savez(folder / f"{i}.npz", points=points, rgb=RNG.random((200, 3)))
    adapter = tmp_path / "a.safetensors"
    given = ["--weights-dir", str(weights), "--device", "cpu", "--quiet"]
    words = ["train", str(tmp_path / "shapes"), "-o", str(adapter), "--method", "nearest_mean"]
    words += ["--backbone", "openshape_b32", "--copies", "1", "--points", "128"]
    done = CliRunner().invoke(app, [*words, "--prompts", "class_name", *given])
    assert done.exit_code == 0, done.output
    # The adapter says which encoder it needs.
    words = ["classify", str(tmp_path / "shapes"), "--adapter", str(adapter), "--json"]
    done = CliRunner().invoke(app, [*words, *given])
    assert done.exit_code == 0, done.output
    assert done.output.count('"class"') == 16
    words = ["classify", str(tmp_path / "shapes/ball/0.npz"), "--classes", "ball, plate, bar"]
    words += ["--backbone", "openshape_b32", "--prompts", "class_name", "--json"]
    done = CliRunner().invoke(app, [*words, *given])
    assert done.exit_code == 0 and done.output.count('"class"') == 3, done.output


def test_missing_weights_get_one_sentence(weights, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    words = ["classify", str(write(tmp_path / "a.npz")), "--classes", "ball, plate"]
    words += ["--backbone", "openshape_g14", "--weights-dir", str(tmp_path)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 2
    assert "openshape-pointbert-vitg14-rgb on the hub, about 0.4 GB" in done.output
    assert str(tmp_path / "openshape_g14" / "model.pt") in done.output.replace("\n", "")
