import doctest
import subprocess
import sys

import numpy as np
import pytest
import torch
from places import REPOSITORY
from tiny import tiny_backbone

import pointclip
from pointclip import PointCLIP
from pointclip.classification.adapters import inter_view
from pointclip.classification.few_shot.trained_with import describe
from pointclip.classification.zero_shot import log_softmax, per_view_logits
from pointclip.clouds.load import normalise
from pointclip.core.errors import UserError
from pointclip.core.tensors import read_tensors, write_tensors
from pointclip.features.prompts import load_prompts


CLASSES = ["chair", "table", "lamp"]
ROOT = REPOSITORY


@pytest.fixture(scope="module")
def entry(tmp_path_factory):
    return tiny_backbone(tmp_path_factory.mktemp("tiny"), prompts="class_name")


@pytest.fixture(scope="module")
def model(entry):
    return PointCLIP(CLASSES, backbone=entry, device="cpu")


@pytest.fixture
def points():
    return np.random.default_rng(0).normal(size=(300, 3)).astype(np.float32)


def test_probabilities_of_one_cloud_and_of_many(model, points):
    one = model(points)
    assert isinstance(one, np.ndarray)
    assert one.shape == (3,)
    assert one.sum() == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(model(np.stack([points, points])), [one, one], atol=1e-6)


def test_a_tensor_gives_a_tensor(model, points):
    given = torch.from_numpy(points)
    found = model(given)
    assert isinstance(found, torch.Tensor)
    np.testing.assert_allclose(found.numpy(), model(points))
    assert torch.equal(given, torch.from_numpy(points))


def test_clouds_of_unequal_size_are_a_list(model, points):
    found = model([points, points[:100]])
    np.testing.assert_allclose(found, [model(points), model(points[:100])], atol=1e-6)
    tensors = model([torch.from_numpy(points), torch.from_numpy(points[:100]).bfloat16()])
    assert isinstance(tensors, torch.Tensor)
    np.testing.assert_allclose(tensors[0].numpy(), found[0])


def test_place_and_unit_do_not_matter(model, points):
    np.testing.assert_allclose(model(points * 1000 + 50), model(points), atol=2e-3)


def test_thirty_views_are_read_by_default_and_the_surer_half_averaged(model, points):
    assert model.projection.name == "surround" and not model.calibrated
    each = model.look(points).per_view
    assert each.shape == (30, 3)
    entropy = -(each * np.log(each)).sum(1)
    expected = each[np.argsort(entropy)[:15]].mean(0)
    np.testing.assert_allclose(model(points), expected, atol=1e-5)


def test_the_numbers_of_a_released_projection_are_the_softmax_of_the_mean_cosine(entry, points):
    model = PointCLIP(CLASSES, entry, "pointclip_v2")
    sentences = load_prompts("class_name")
    depth = model.projection(torch.from_numpy(normalise(points))[None])
    features = torch.nn.functional.normalize(model.encoder.encode_images(depth)[0], dim=-1)
    texts = model.encoder.encode_texts([s for name in CLASSES for s in sentences.sentences(name)])
    cosines = features @ torch.nn.functional.normalize(texts, dim=-1).T
    expected = (model.encoder.logit_scale * cosines.mean(0)).softmax(0)
    np.testing.assert_allclose(model(points), expected, atol=1e-5)
    look = model.look(points)
    np.testing.assert_allclose(look.probabilities, expected, atol=1e-5)
    each = (model.encoder.logit_scale * cosines).softmax(-1)
    np.testing.assert_allclose(look.per_view, each, atol=1e-5)
    np.testing.assert_array_equal(look.depth, depth[0])


def test_what_the_probabilities_come_from_can_be_had(entry, points):
    model = PointCLIP(CLASSES, entry, "pointclip_v2")
    both = np.stack([points, points[::-1] * [1, 2, 1]]).astype(np.float32)
    features, depth = model.features(both), model.depth(both)
    views = model.projection.views
    assert features.shape == (2, views, 16) and depth.shape == (2, views, *model.projection.size)
    np.testing.assert_array_equal(depth[0], model.look(points).depth)
    np.testing.assert_allclose(features[0], model.features(points), atol=1e-5)
    assert model.text_features.shape == (3, 16)
    np.testing.assert_allclose(np.linalg.norm(model.text_features, axis=1), 1, atol=1e-6)
    unit = features / np.linalg.norm(features, axis=-1, keepdims=True)
    cosines = unit @ model.text_features.T
    each = model.logits(both, per_view=True)
    np.testing.assert_allclose(each, model.encoder.logit_scale * cosines, atol=1e-4)
    np.testing.assert_allclose(model.logits(both), each.mean(1), atol=1e-4)
    np.testing.assert_allclose(np.exp(log_softmax(model.logits(both))), model(both), atol=1e-5)
    assert isinstance(model.features(torch.from_numpy(points)), torch.Tensor)
    assert model.features([points, points[:100]]).shape == (2, views, 16)


def test_templates_of_ones_own_are_prompts(entry, points):
    own = PointCLIP(CLASSES, entry, prompts=["a {} of dots.", "{an} seen from afar."])
    texts = own.encoder.encode_texts(["a chair of dots.", "a chair seen from afar."])
    expected = torch.nn.functional.normalize(texts, dim=-1).mean(0)
    cosine = torch.cosine_similarity(torch.from_numpy(own.text_features[0]), expected, dim=0)
    assert float(cosine) == pytest.approx(1, abs=1e-6)
    for wrong, sentence in {
        ("a chair",): "'a chair' in the list of templates has no {}",
        (): "list of templates is empty",
        "a {}": r"Templates are a list: give \['a \{\}'\]",
    }.items():
        with pytest.raises(UserError, match=sentence):
            PointCLIP(CLASSES, entry, prompts=wrong)


def test_the_model_says_what_it_is(model):
    assert repr(model) == (
        "PointCLIP(3 classes: chair, table, lamp; backbone='tiny', prompts='class_name', "
        f"projection='{model.projection.name}')"
    )


def test_prompts_and_projection_can_be_chosen(entry, points):
    other = PointCLIP(CLASSES, entry, {"base": "pointclip_v2", "views": [0, 4]}, "v1_zero_shot")
    assert other.look(points).per_view.shape == (2, 3)
    assert other.prompts == "v1_zero_shot"


def test_files_are_read_in_their_order_and_bad_ones_give_a_sentence(model, points, tmp_path):
    np.save(tmp_path / "a.npy", points)
    (tmp_path / "b.npy").write_bytes(b"no array")
    np.save(tmp_path / "c.npy", points[:150] * [1, 3, 1])
    files = [tmp_path / f"{name}.npy" for name in "abc"]
    readings = list(model.classify(iter(files), points=200, batch=2))
    assert [r.path for r in readings] == files
    assert readings[1].probabilities is None
    assert "b.npy" in readings[1].error
    assert readings[1].top(CLASSES) == []
    name, probability = readings[2].top(CLASSES, 2)[0]
    assert probability == readings[2].probabilities.max()
    assert name == CLASSES[readings[2].probabilities.argmax()]


def test_files_are_read_no_further_than_asked(model, points, tmp_path):
    np.save(tmp_path / "a.npy", points)

    def forever():
        while True:
            yield tmp_path / "a.npy"

    stream = model.classify(forever(), batch=2)
    assert next(stream).error is None
    assert next(stream).error is None


@pytest.mark.parametrize("shape", [(3,), (5, 2), (0, 3), (1, 2, 4, 3)])
def test_points_of_another_shape_are_refused(model, shape):
    with pytest.raises(UserError, match="must have shape"):
        model(np.zeros(shape, np.float32))


def test_one_cloud_is_looked_at_at_a_time(model, points):
    with pytest.raises(UserError, match=r"must have shape \(points, 3\), not \(2, 300, 3\)"):
        model.look([points, points])


def test_points_that_are_no_numbers_are_refused(model, points):
    points[7, 1] = np.nan
    with pytest.raises(UserError, match="NaN or infinite"):
        model(points)


@pytest.mark.parametrize(
    ("classes", "sentence"),
    [
        ([], "at least one class"),
        (["a", "b", "a"], "'a' is given twice"),
        ("chair", r"give \['chair'\] in place of 'chair'"),
    ],
)
def test_classes_must_make_sense(entry, classes, sentence):
    with pytest.raises(UserError, match=sentence):
        PointCLIP(classes, backbone=entry)


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        ({"projection": "nope"}, "Unknown projection 'nope': choose one of pointclip_zs"),
        ({"backbone": "nope"}, "Unknown backbone 'nope': choose one of iconclip"),
        ({"prompts": "nope"}, "Unknown prompt set 'nope'"),
        ({"device": "nope"}, "Device 'nope' is not available"),
    ],
)
def test_unknown_parts_are_named_with_what_there_is(entry, choice, sentence):
    with pytest.raises(UserError, match=sentence):
        PointCLIP(CLASSES, **{"backbone": entry, **choice})


def write_adapter(path, views=10, channels=16, seeds=(3, 5), temperatures=(), **parts):
    """An adapter as training begins with it."""
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    state = inter_view.init_params(views, channels, 0.6, generators) if seeds else {}
    prototypes = torch.randn(3, channels, generator=torch.Generator().manual_seed(0))
    about = {"seeds": list(seeds), "classes": CLASSES, "views": views, "logit_scale": 10.0}
    about |= {"temperatures": list(temperatures)}
    write_tensors(
        {**state, "prototypes": prototypes},
        path,
        method="inter_view",
        protocol="plain",
        trained_with=parts,
        **about,
    )


def test_an_adapter_brings_its_classes_and_its_first_seed(entry, points, tmp_path):
    path = tmp_path / "a.safetensors"
    write_adapter(path, **describe("pointclip_v2", entry, "class_name"))
    model = PointCLIP(backbone=entry, adapter=path)
    assert model.classes == CLASSES
    assert model.projection.name == "pointclip_v2" and model.prompts == "class_name"
    look = model.look(points)
    depth = torch.from_numpy(look.depth)[None]
    features = model.encoder.encode_images(depth)
    expected = model.adapter.logits(features)[0, 0].softmax(-1)
    np.testing.assert_allclose(model(points), expected, atol=1e-5)
    # Single views are read by the text alone.
    text, scale = model.prototypes.numpy(), model.encoder.logit_scale
    alone = np.exp(log_softmax(per_view_logits(features.numpy(), text, scale)))[0]
    np.testing.assert_allclose(look.per_view, alone, atol=1e-5)
    other = PointCLIP(backbone=entry, adapter=path, seed=5)
    assert np.abs(other(points) - model(points)).max() > 1e-6


def test_a_temperature_of_the_adapter_calibrates_the_probabilities(entry, points, tmp_path):
    write_adapter(tmp_path / "raw.safetensors")
    path = tmp_path / "a.safetensors"
    write_adapter(path, temperatures=[2.5, 0.5])
    raw = PointCLIP(backbone=entry, adapter=tmp_path / "raw.safetensors")
    model, other = (PointCLIP(backbone=entry, adapter=path, seed=seed) for seed in (3, 5))
    assert model.calibrated and other.calibrated and not raw.calibrated
    expected = torch.from_numpy(raw(points)).log() / 2.5
    np.testing.assert_allclose(model(points), expected.softmax(-1), atol=1e-5)
    assert (
        other(points).argmax()
        == PointCLIP(backbone=entry, adapter=tmp_path / "raw.safetensors", seed=5)(points).argmax()
    )


@pytest.mark.parametrize(
    ("made", "given", "sentence"),
    [
        ({}, {"seed": 4}, "has no seed 4: choose one of 3, 5"),
        ({}, {"classes": ["chair"]}, "knows chair, table, lamp"),
        ({"seeds": ()}, {}, "holds no adapter"),
        ({"views": 6}, {}, "trained with 6 views; the projection 'pointclip_v2' has 10"),
        ({"channels": 8}, {}, "trained with 8 channels; the backbone 'tiny' has 16"),
    ],
)
def test_an_adapter_that_does_not_fit_is_refused(entry, tmp_path, made, given, sentence):
    write_adapter(tmp_path / "a.safetensors", **made)
    with pytest.raises(UserError, match=sentence):
        PointCLIP(backbone=entry, adapter=tmp_path / "a.safetensors", **given)


def test_an_adapter_that_lacks_a_tensor_is_refused(entry, tmp_path):
    path = tmp_path / "a.safetensors"
    write_adapter(path)
    tensors, about = read_tensors(path)
    del tensors["fusion_ratio"]
    write_tensors(tensors, path, **about)
    with pytest.raises(UserError, match=r"does not hold what inter_view needs .*fusion_ratio"):
        PointCLIP(backbone=entry, adapter=path)


def test_a_backbone_of_ones_own_has_to_be_given_again(entry, tmp_path):
    path = tmp_path / "a.safetensors"
    write_adapter(path, **describe("pointclip_v2", entry, "class_name"))
    assert str(tmp_path.parent) not in str(read_tensors(path)[1])  # no path of its maker's
    with pytest.raises(UserError, match="with the backbone 'tiny', which is not built in: give th"):
        PointCLIP(adapter=path)


@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize(
    "attack",
    [{"weights": "a.pt"}, {"weights_dir": "a"}, {"model_config": "a.json"}, {"hub": "a/b"}],
)
def test_an_adapter_loads_and_fetches_nothing(entry, tmp_path, monkeypatch, attack, given):
    """A stranger's adapter named a checkpoint, and `--adapter` alone loaded or fetched it."""
    asked = []
    monkeypatch.setattr("pointclip.app.model.load_backbone", lambda *args: asked.append(args))
    path = tmp_path / "a.safetensors"
    write_adapter(path, backbone={"base": "rn50", **attack})
    with pytest.raises(UserError, match=r"a\.safetensors is refused, because an adapter may name"):
        PointCLIP(backbone=entry if given else None, adapter=path)
    assert asked == []


def test_importing_the_package_does_not_import_torch():
    code = "import sys, pointclip; assert 'torch' not in sys.modules and 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_package_knows_only_its_names():
    assert pointclip.PointCLIP is PointCLIP
    with pytest.raises(AttributeError, match="no attribute 'pointclop'"):
        pointclip.pointclop  # noqa: B018


@pytest.mark.skipif(
    not (ROOT / "pointclip/assets/iconclip/iconclip.safetensors").exists(),
    reason="the embedded encoder is not there",
)
def test_the_five_lines_of_the_readme(monkeypatch):
    monkeypatch.chdir(ROOT)
    result = doctest.testmod(pointclip)
    assert result.attempted >= 5
    assert result.failed == 0
