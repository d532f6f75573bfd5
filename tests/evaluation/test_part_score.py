"""Rows of scores of part segmentation from files: experiments, baselines, ceilings, summaries."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from places import REPOSITORY

from pointclip.core.errors import UserError
from pointclip.core.store import new_h5
from pointclip.evaluation.part_ablation import compare_parts
from pointclip.evaluation.part_score import (
    IDENTITY,
    PartFiles,
    class_mean_interval,
    score_parts,
    summarise_parts,
)
from pointclip.evaluation.published import read_published
from pointclip.segmentation.part_set import PartSet, write_predicted
from pointclip.segmentation.patches import Patches, _write


PARTS = {"table": ["top", "leg"], "lamp": ["base", "bulb", "shade"]}
RUN = {
    **{"part_dataset": "made", "projection": "ring", "backbone": "tiny", "patches": "small"},
    **{"segmenter": "linear_probe", "protocol": "plain", "shots": 1},
}
GRID = {axis: RUN[axis] for axis in ("part_dataset", "projection", "backbone", "patches")}
LABEL = np.array([0, 0, 1])
# Two tables; a lamp without a bulb.
TRUTH = np.array([[0, 0, 0, 1], [0, 0, 1, 1], [0, 2, 2, 2]])


def write_split(folder, split, truth=TRUTH):
    ids = np.array([f"{split}/{k}" for k in range(3)], dtype="S")
    points = np.random.default_rng(0).standard_normal((3, 4, 3)).astype(np.float32)
    with new_h5(folder / f"{split}.h5", parts=json.dumps(PARTS)) as f:
        f["points"], f["label"], f["id"] = points, LABEL, ids
    with new_h5(folder / f"{split}_labels.h5") as f:
        f["id"], f["part"] = ids, truth.astype(np.uint8)
    return PartSet(points, LABEL, ids.astype(str), PARTS)


@pytest.fixture
def made(tmp_path):
    test = write_split(tmp_path, "test")
    write_split(tmp_path, "train")
    names = ("test.h5", "test_labels.h5", "train.h5", "train_labels.h5")
    said = np.stack([TRUTH, TRUTH])
    said[1, 0] = 1  # the second seed: table 0 is all legs
    write_predicted(tmp_path / "said.h5", test, said.astype(np.uint8), [1, 2], {})
    return tmp_path, PartFiles(*(tmp_path / name for name in names)), test


def rows_of(shapes, segmenter):
    return shapes[shapes["segmenter"] == segmenter].set_index(["seed", "id"])


def test_every_seed_and_shape_has_a_row_and_both_rules(made):
    folder, files, _ = made
    shapes, parts = score_parts([RUN], [folder / "said.h5"], {"made": files})
    own = rows_of(shapes, "linear_probe")
    assert len(own) == 6
    assert own.loc[(1, "test/0"), ["iou", "iou_present", "accuracy"]].tolist() == [100, 100, 100]
    wrong = own.loc[(2, "test/0")]
    assert (wrong["iou"], wrong["iou_present"], wrong["accuracy"]) == (12.5, 12.5, 25)
    legs = parts[(parts["part"] == "leg") & (parts["segmenter"] == "linear_probe")]
    assert legs.set_index("seed")["mean"].to_dict() == {1: 100, 2: pytest.approx(62.5)}
    assert (legs["size"] == 2).all()
    # Nobody has a bulb, so it has no row of its own.
    assert "bulb" not in set(parts["part"])


def test_baselines_stand_beside_every_part_set(made):
    folder, files, _ = made
    shapes, _ = score_parts([RUN], [folder / "said.h5"], {"made": files})
    # Tables: "top" scores (3/4 + 2/4) / 2 / 2 on train shapes, "leg" less; lamps: "shade".
    single = rows_of(shapes, "best_single_part")["iou_present"]
    assert single.droplevel("seed").to_dict() == {"test/0": 37.5, "test/1": 25, "test/2": 37.5}
    assert len(rows_of(shapes, "random")) == 3
    # By the released rule the part that is absent counts as 1.
    assert rows_of(shapes, "best_single_part").loc[(0, "test/2"), "iou"] == pytest.approx(175 / 3)


def test_the_ceiling_of_a_fine_grid_is_the_truth(made):
    folder, files, test = made
    pixels = np.array([[[0, 0], [0, 9], [9, 0], [9, 9]]] * 2)
    seen = np.ones((2, 4), bool)
    with new_h5(folder / "patches.h5", size=10) as f:
        f["id"] = np.array(list(test.id), dtype="S")
        for row in range(3):
            shape = Patches(
                torch.zeros(2, 5, 10, 10), pixels, seen, seen, np.zeros((4, 10)), 10, 10
            )
            _write(f, row, 3, shape)
    shapes, _ = score_parts(
        [RUN], [folder / "said.h5"], {"made": files}, [(GRID, [folder / "patches.h5"])]
    )
    ceiling = rows_of(shapes, "ceiling")
    assert (ceiling["iou_present"] == 100).all()
    assert (ceiling["patches"] == "small").all()


def test_predictions_of_other_shapes_are_refused(made):
    folder, files, test = made
    other = test._replace(id=test.id[::-1])
    write_predicted(folder / "other.h5", other, TRUTH[None].astype(np.uint8), [1], {})
    with pytest.raises(UserError, match="does not hold the test shapes of made"):
        score_parts([RUN], [folder / "other.h5"], {"made": files})


@pytest.fixture
def published():
    return read_published(REPOSITORY / "config/published.csv")


def test_classes_weigh_alike_and_seeds_are_averaged_first(made, published):
    folder, files, _ = made
    shapes, _ = score_parts([RUN], [folder / "said.h5"], {"made": files})
    table = summarise_parts(shapes, published).set_index("segmenter")
    own = table.loc["linear_probe"]
    tables = ((100 + 12.5) / 2 + 100) / 2
    assert own["iou_present"] == pytest.approx((tables + 100) / 2)
    assert own["instance_iou"] == pytest.approx((2 * tables + 100) / 3)
    assert own["low"] <= own["iou_present"] <= own["high"]
    assert (own["seeds"], own["n"]) == (2, 3)
    assert own["std"] == pytest.approx(abs(100 - (12.5 + 100) / 4 - 50) / np.sqrt(2))
    assert "published" not in table


def test_a_published_number_stands_beside_the_same_experiment_only(published):
    released = {
        **{"part_dataset": "shapenetpart", "projection": "pointclip_v2_parts"},
        **{"backbone": "vit_b_16", "patches": "ordinary_224", "segmenter": "pointclip_v2"},
        **{"protocol": "released", "shots": 0, "seed": 0, "class": "chair", "id": "test/0"},
        **{"iou": 50.0, "iou_present": 40.0, "accuracy": 60.0},
    }
    shapes = pd.DataFrame([released, released | {"protocol": "plain"}])
    table = summarise_parts(shapes, published).set_index("protocol")
    assert table.loc["released", "published"] == 51.9
    assert table.loc["released", "certainty"] == "derived"
    assert np.isnan(table.loc["plain", "published"])


def test_the_interval_resamples_within_classes():
    each = pd.DataFrame({"class": list("aabb"), "iou_present": [10.0, 10.0, 30.0, 30.0]})
    assert class_mean_interval(each) == (20, 20)
    each["iou_present"] = [0.0, 20.0, 30.0, 30.0]
    low, high = class_mean_interval(each)
    assert (low, high) == (15, 25)


def test_differences_are_paired():
    rng = np.random.default_rng(0)
    base = rng.uniform(0, 100, 40)
    frames = [
        pd.DataFrame({"class": ["a"] * 20 + ["b"] * 20, "id": np.arange(40), "seed": 0})
        .assign(**RUN | {"segmenter": name}, iou_present=scores, iou=scores, accuracy=scores)
        for name, scores in (("plain", base), ("better", base + 2))
    ]  # fmt: skip
    runs = [{axis: frame[axis].iloc[0] for axis in IDENTITY} for frame in frames]
    pair = {"setting": "window", "usual": "0", "value": "3", "run": runs[1], "against": runs[0]}
    row = compare_parts(pd.concat(frames), [pair]).iloc[0]
    # Every shape gains 2: the interval is a point, however much shapes differ.
    assert [row["difference"], row["low"], row["high"]] == pytest.approx([2, 2, 2])
    assert row["iou_value"] - row["iou_usual"] == pytest.approx(2)
    assert row["n"] == 40


def test_no_pair_is_an_empty_table():
    assert compare_parts(pd.DataFrame(columns=[*IDENTITY, "class", "id"]), []).empty
