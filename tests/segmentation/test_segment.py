import json
from itertools import product

import numpy as np
import pytest
import yaml
from tiny import tiny_backbone

from pointclip.catalog.parts import SEGMENTERS, check_segmenter
from pointclip.core.errors import UserError
from pointclip.core.store import new_h5, open_h5
from pointclip.encoders.encoder import load_encoder
from pointclip.projection.projection import get_projection
from pointclip.segmentation.few_shot import few_shot
from pointclip.segmentation.part_set import read_part_set
from pointclip.segmentation.patches import encode_patches, read_patches
from pointclip.segmentation.sentences import part_prototypes, released_prototypes
from pointclip.segmentation.zero_shot import find_regions, zero_shot


PARTS = {"table": ["top", "leg"], "post": ["head", "shaft", "foot"]}


def table(rng):
    top = np.c_[rng.uniform(-1, 1, 150), rng.uniform(0.8, 1, 150), rng.uniform(-1, 1, 150)]
    legs = rng.choice([-0.9, 0.9], (150, 3)) + rng.normal(0, 0.02, (150, 3))
    legs[:, 1] = rng.uniform(-1, 0.8, 150)
    return np.concatenate([top, legs]), np.repeat([0, 1], 150)


def post(rng):
    y = np.concatenate(
        [rng.uniform(0.6, 1, 100), rng.uniform(-0.6, 0.6, 100), rng.uniform(-1, -0.6, 100)]
    )
    width = np.repeat([0.5, 0.1, 0.7], 100)[:, None]
    return np.c_[rng.uniform(-1, 1, (300, 2)) * width, y][:, [0, 2, 1]], np.repeat([0, 1, 2], 100)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Two classes of simple shapes, their labels and patch features, and the encoder."""
    folder = tmp_path_factory.mktemp("parts")
    encoder = load_encoder(tiny_backbone(folder / "weights"))
    for split, seed in (("train", 0), ("test", 1)):
        rng = np.random.default_rng(seed)
        shapes = [(table, post)[label](rng) for label in (0, 0, 0, 1, 1, 1)]
        points = np.stack([one for one, _ in shapes]).astype(np.float32)
        points /= np.linalg.norm(points, axis=2).max(1)[:, None, None]
        ids = np.array([f"{split}/{k:06d}" for k in range(6)], dtype="S")
        with new_h5(folder / f"{split}.h5", parts=json.dumps(PARTS)) as f:
            f["points"], f["label"], f["id"] = points, np.repeat([0, 1], 3), ids
        with new_h5(folder / f"{split}_labels.h5") as f:
            f["id"], f["part"] = ids, np.stack([part for _, part in shapes]).astype(np.uint8)
        for name, size in (("patches", 32), ("larger", 64)):
            encode_patches(
                folder / f"{split}.h5",
                get_projection("elevated_ring", views={"set": "ring-4", "elevation": 20}),
                encoder,
                {"size": size, "attention": "ordinary"},
                folder / f"{split}_{name}.h5",
            )
    return folder, encoder


def accuracy(folder, name):
    with open_h5(folder / name) as found, open_h5(folder / "test_labels.h5") as truth:
        return (found["predicted"][:] == truth["part"][:]).mean((1, 2))


def run_few_shot(data, name, segmenter, shots):
    folder, _ = data
    return few_shot(
        read_part_set(folder / "test.h5"),
        [folder / "test_patches.h5"],
        read_part_set(folder / "train.h5"),
        [folder / "train_patches.h5"],
        folder / "train_labels.h5",
        shots,
        check_segmenter(segmenter, SEGMENTERS[segmenter]),
        folder / name,
    )


def run_zero_shot(data, name, segmenter, protocol="plain", train=False, kinds=("patches",)):
    folder, encoder = data
    with_train = (
        read_part_set(folder / "train.h5"),
        {kind: [folder / f"train_{kind}.h5"] for kind in kinds},
        folder / "train_labels.h5",
    )
    zero_shot(
        read_part_set(folder / "test.h5"),
        {kind: [folder / f"test_{kind}.h5"] for kind in kinds},
        check_segmenter("mine", segmenter),
        encoder,
        folder / name,
        protocol,
        with_train if train else None,
    )


SHOTS = {1: ["train/000000", "train/000003"], 2: ["train/000002", "train/000004"]}


@pytest.mark.parametrize("name", ["geometry_linear_probe", "geometry_nearest_mean", "linear_probe"])
def test_parts_are_learned_from_one_shape_of_a_class(data, name):
    probes = run_few_shot(data, f"{name}.h5", name, SHOTS)
    assert sorted(probes) == [1, 2]
    assert sorted(probes[1]) == ["post", "table"]
    assert (accuracy(data[0], f"{name}.h5") > (0.85 if "geometry" in name else 0.6)).all()


def test_patches_are_kept_as_they_were_made(data):
    folder, _ = data
    found = dict(read_patches([folder / "test_patches.h5"]))
    assert len(found) == 6
    one = found["test/000002"]
    assert one.cells.shape == (4, 16, 4, 4)
    assert one.pixels.shape == (4, 300, 2)
    assert one.point_features().shape == (300, 16)
    assert not np.allclose(one.point_features(), one.point_features(released=True))
    only = dict(read_patches([folder / "test_patches.h5"], ["test/000004"]))
    assert list(only) == ["test/000004"]


def test_shards_hold_what_the_whole_holds(data):
    folder, encoder = data
    projection = get_projection("elevated_ring", views={"set": "ring-4", "elevation": 20})
    entry = {"size": 32, "attention": "ordinary"}
    paths = [folder / f"shard{k}.h5" for k in (0, 1)]
    for shard, path in enumerate(paths):
        encode_patches(folder / "test.h5", projection, encoder, entry, path, shard, 2)
    whole = dict(read_patches([folder / "test_patches.h5"]))
    parts = dict(read_patches(paths))
    assert list(parts) == list(whole)
    assert all((parts[name].seen == whole[name].seen).all() for name in whole)


def test_zero_shot_predicts_parts_of_the_class_only(data):
    for regions in ("none", "kmeans", "geometric"):
        run_zero_shot(data, "zero.h5", {"regions": [regions], "region_count": 8})
        with open_h5(data[0] / "zero.h5") as f:
            predicted = f["predicted"][0]
            assert json.loads(f.attrs["chosen"])["regions"] == regions
        assert predicted[:3].max() <= 1
        assert predicted[3:].max() <= 2


def test_regions_give_one_label_to_a_region(data):
    run_zero_shot(data, "zero.h5", {"regions": ["kmeans"], "region_count": 8})
    part_set = read_part_set(data[0] / "test.h5")
    with open_h5(data[0] / "zero.h5") as f:
        for points, labels in zip(part_set.points, f["predicted"][0], strict=True):
            regions = find_regions("kmeans", points, 8)
            assert all(len(set(labels[regions == k])) == 1 for k in set(regions))


def test_validation_chooses_on_train_shapes(data):
    options = {"window": [0, 3], "regions": ["none", "kmeans"], "templates": ["{part}", "a {part}"]}
    kinds = ("patches", "larger")
    run_zero_shot(data, "chosen.h5", options, "validation", train=True, kinds=kinds)
    with open_h5(data[0] / "chosen.h5") as f:
        chosen = json.loads(f.attrs["chosen"])
    scores = {}
    for kind, window, regions, template in product(kinds, *options.values()):
        one = {"window": [window], "regions": [regions], "templates": [template]}
        scores[kind, window, regions, template] = train_score(data, one, kind)
    best = max(scores, key=scores.get)
    assert tuple(chosen.values()) == best
    with open_h5(data[0] / "chosen.h5") as f:
        predicted = f["predicted"][:]
    # The test shapes are read from the patches that were chosen.
    one = dict(zip(options, ([value] for value in best[1:]), strict=True))
    run_zero_shot(data, "same.h5", one, kinds=best[:1])
    with open_h5(data[0] / "same.h5") as f:
        assert (f["predicted"][:] == predicted).all()


def train_score(data, segmenter, kind):
    from pointclip.segmentation.scores import shape_scores

    folder, encoder = data
    train = read_part_set(folder / "train.h5")
    zero_shot(
        train,
        {kind: [folder / f"train_{kind}.h5"]},
        check_segmenter("mine", segmenter),
        encoder,
        folder / "on_train.h5",
    )
    with open_h5(folder / "on_train.h5") as f, open_h5(folder / "train_labels.h5") as truth:
        found = [
            shape_scores(p, t, range(2 + (k > 2)))["iou_present"]
            for k, (p, t) in enumerate(zip(f["predicted"][0], truth["part"][:], strict=True))
        ]
    return np.mean(found)


def test_released_takes_the_user_s_sentences_and_weights(data, caplog):
    folder, _ = data
    said = {"table": ["a flat top", "legs"], "post": ["a head", "a shaft"]}
    (folder / "said.yaml").write_text(yaml.safe_dump(said))
    (folder / "weights.yaml").write_text(yaml.safe_dump({"table": [1, 0, 0.5, 0.25]}))
    entry = {"window": [6], "sentences": str(folder / "said.yaml")}
    entry["view_weights"] = str(folder / "weights.yaml")
    run_zero_shot(data, "released.h5", entry, "released")
    assert "fitted to test labels" in caplog.text
    with open_h5(folder / "released.h5") as f:
        assert f["predicted"][0, 3:].max() <= 1  # no sentence, no prediction
    (folder / "weights.yaml").write_text(yaml.safe_dump({"table": [1, 0]}))
    with pytest.raises(UserError, match="2 numbers for class 'table', but there are 4 views"):
        run_zero_shot(data, "released.h5", entry, "released")


def test_wrong_words_get_one_sentence(data):
    _, encoder = data
    for parts, said in ([[], "give at least two"], [["leg"], "'leg' is the only part"],
                        [["leg", "leg"], "'leg' is given twice"]):  # fmt: skip
        with pytest.raises(UserError, match=said):
            part_prototypes("table", parts, "{part}", encoder)
    with pytest.raises(UserError, match=r"no \{part\}"):
        part_prototypes("table", ["leg", "top"], "a table", encoder)
    with pytest.raises(UserError, match="no list of sentences for class 'lamp'"):
        released_prototypes("lamp", ["leg", "shade"], {"table": ["x"]}, encoder)
    with pytest.raises(UserError, match="3 sentences for the 2 parts"):
        released_prototypes("lamp", ["leg", "shade"], {"lamp": ["x", "y", "z"]}, encoder)
    with pytest.raises(UserError, match="zero_shot has 'patch' only"):
        check_segmenter("mine", {"features": "geometry"})


def test_a_class_without_shots_is_named(data):
    with pytest.raises(UserError, match="'post' has no train shape with parts"):
        run_few_shot(data, "none.h5", "linear_probe", {1: ["train/000000"]})
