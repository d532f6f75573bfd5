import numpy as np
import pytest
from tiny import tiny_backbone

from pointclip import PointCLIP
from pointclip.app.part_prediction import (
    predict_learned_parts,
    predict_parts,
    spread,
    write_ply,
)
from pointclip.catalog.parts import FURNITURE_PARTS
from pointclip.clouds.labelled import load_labelled
from pointclip.clouds.load import load_cloud
from pointclip.core.errors import UserError
from pointclip.core.tensors import write_tensors
from pointclip.projection.projection import get_projection
from pointclip.segmentation.few_shot_parts import fit_probe
from pointclip.segmentation.geometry import describe
from pointclip.segmentation.part_adapter import read_part_adapter, write_part_adapter


PARTS = ["top", "leg"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    entry = tiny_backbone(tmp_path_factory.mktemp("weights"))
    return PointCLIP(["table"], backbone=entry, projection="elevated_ring")


@pytest.fixture(scope="module")
def points():
    rng = np.random.default_rng(0)
    cloud = rng.uniform(-1, 1, (400, 3)).astype(np.float32)
    cloud[:200, 1] = 1
    cloud[200:, [0, 2]] = np.sign(cloud[200:, [0, 2]])
    return cloud


@pytest.fixture
def adapter(tmp_path, points):
    part = np.repeat([0, 1], 200)
    probe = fit_probe("linear_probe", [describe(points)], [part])
    path = tmp_path / "parts.safetensors"
    probes = {1: {"table": probe}, 2: {"table": probe}}
    write_part_adapter(path, probes, {"table": PARTS, "lamp": ["base", "shade"]}, "geometry", {})
    return path


def test_every_point_gets_one_of_the_parts(model, points):
    found = model.segment(points, PARTS)
    assert found.labels.shape == (400,)
    assert set(found.labels) <= {0, 1}
    assert found.seen.shape == found.per_view.shape == (10, 400)
    assert found.depth.shape == (10, 110, 110)
    assert (model.segment(points * 5 + 3, PARTS).labels == found.labels).mean() > 0.99


def test_an_adapter_is_used_as_it_was_taught(model, points, adapter):
    read = read_part_adapter(adapter, seed=2)
    found = predict_learned_parts(points, model.encoder, model.projection, read)
    assert (found.labels == np.repeat([0, 1], 200)).mean() > 0.95
    assert found.parts == PARTS
    assert found.per_view is None


def test_an_adapter_that_does_not_fit_gets_one_sentence(model, points, adapter, tmp_path):
    with pytest.raises(UserError, match=r"has no seed 7: choose one of 1, 2"):
        read_part_adapter(adapter, seed=7)
    with pytest.raises(UserError, match="class 'chair'"):
        read_part_adapter(adapter).probe("chair")
    write_tensors({}, tmp_path / "other.safetensors", method="tip")
    with pytest.raises(UserError, match="is no adapter for parts"):
        read_part_adapter(tmp_path / "other.safetensors")
    probe = fit_probe("nearest_mean", [np.eye(5, dtype=np.float32)], [np.array([0, 0, 1, 1, 1])])
    path = tmp_path / "wide.safetensors"
    write_part_adapter(path, {1: {"table": probe}}, {"table": PARTS}, "geometry", {})
    with pytest.raises(UserError, match=r"taught with 5 features a point; .* gives 10"):
        read = read_part_adapter(path)
        predict_learned_parts(points, model.encoder, model.projection, read)


def test_a_labelled_ply_is_read_back(points, tmp_path):
    labels = np.arange(len(points)) % 3
    write_ply(tmp_path / "out.ply", points, labels, ["a", "b\nend_header", "c"])
    read, part = load_labelled(tmp_path / "out.ply")
    assert (read == points).all()
    assert (part == labels).all()
    assert len(load_cloud(tmp_path / "out.ply")) == len(points)


def test_labels_spread_to_the_nearest(points):
    labels = np.arange(len(points))
    assert (spread(points, labels, points[::-1] + 1e-6) == labels[::-1]).all()


def test_a_backbone_s_parts_of_real_shapes_are_no_error(model):
    chair = load_cloud(f"{FURNITURE_PARTS}#70", points=500)
    assert len(model.segment(chair, ["back", "seat", "leg"], "chair", "geometric").labels) == 500


def test_dots_and_missing_parts_get_one_sentence(model, points):
    dots = PointCLIP(["table"], backbone="iconclip", projection="pointclip_zs")
    with pytest.raises(UserError, match="renders dots"):
        dots.segment(points, PARTS)
    with pytest.raises(UserError, match="is the only part"):
        model.segment(points, ["leg"])
    assert get_projection("pointclip_zs").params["method"] == "perspective"


def test_a_backbone_without_patch_tokens_gets_one_sentence(model, points):
    with pytest.raises(UserError, match="'tiny' reads points: it gives no patch features"):
        predict_parts(points, model.encoder, None, PARTS)
