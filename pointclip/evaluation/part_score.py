"""Scores of part segmentation: where predicted parts meet the labels of test shapes.

Beside the experiments stand two answers that do not look at the shape, and the ceiling of every
grid of patches: the true labels painted into the patches and read back from there.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Integer

from pointclip.catalog.columns import TAILS
from pointclip.core.errors import UserError
from pointclip.core.store import open_h5, read_h5_rows
from pointclip.segmentation.part_set import PartSet, read_part_set
from pointclip.segmentation.scores import best_single_part, part_ious, shape_scores


IDENTITY = ["part_dataset", "projection", "backbone", "patches", "segmenter", "protocol", "shots"]
MEASURES = ["iou_present", "iou", "accuracy"]
RESAMPLES = 1000


class PartFiles(NamedTuple):
    """The files of a part set."""

    clouds: str | Path
    labels: str | Path
    train_clouds: str | Path
    train_labels: str | Path


def score_parts(
    runs: Sequence[Mapping[str, Any]],
    predicted: Sequence[str | Path],
    part_sets: Mapping[str, PartFiles],
    ceilings: Iterable[tuple[Mapping[str, Any], Sequence[str | Path]]] = (),
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A row for every experiment, seed and test shape; and the mean IoU of every class and part.

    Args:
        ceilings: the ids of a grid of patches, and its files of the test split.

    Raises:
        UserError: if predictions are not of the test shapes.
    """
    shapes: list[pd.DataFrame] = []
    parts: list[pd.DataFrame] = []

    def add(of: Mapping[str, Any], test: PartSet, truth: np.ndarray, said: np.ndarray) -> None:
        one, per_part = _score(test, truth, said)
        identity = {name: of.get(name, "") for name in IDENTITY}
        shapes.append(one.assign(**identity, seed=of.get("seed", 0)))
        parts.append(per_part.assign(**identity, seed=of.get("seed", 0)))

    loaded = {}
    for name, files in part_sets.items():
        test = read_part_set(files.clouds)
        truth = read_h5_rows([files.labels], "part", test.id)
        loaded[name] = (test, truth)
        for segmenter, said in _baselines(test, files).items():
            of = {"part_dataset": name, "segmenter": segmenter, "protocol": "plain", "shots": 0}
            add(of, test, truth, said)
    for run, path in zip(runs, predicted, strict=True):
        test, truth = loaded[run["part_dataset"]]
        with open_h5(path) as f:
            if (f["id"].asstr()[:] != test.id).any():
                raise UserError(f"{path} does not hold the test shapes of {run['part_dataset']}.")
            for row, seed in enumerate(f["seed"][:]):
                add({**run, "seed": int(seed)}, test, truth, f["predicted"][row])
    for grid, patches in ceilings:
        test, truth = loaded[grid["part_dataset"]]
        of = {**grid, "segmenter": "ceiling", "protocol": "plain", "shots": 0}
        add(of, test, truth, _ceiling(test, truth, patches))
    order = [*IDENTITY, "seed"]
    return tuple(  # type: ignore[return-value]
        pd.concat(frames).sort_values([*order, "class"], kind="stable").reset_index(drop=True)
        for frames in (shapes, parts)
    )


def summarise_parts(shapes: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """One row per experiment: means over classes (of means over shapes and seeds), with a bootstrap
    interval over shapes, and means over all shapes.

    Beside them stands what is published for the same (`published.read_published`), if anything is.
    It counts by the released rule, so it is to be compared with `iou_released`.
    """
    records = []
    for key, group in shapes.groupby(IDENTITY, sort=False):
        seeds = group["seed"].nunique()
        each = group.groupby(["class", "id"], sort=True)[MEASURES].mean().reset_index()
        low, high = class_mean_interval(each)
        by_class = each.groupby("class")[MEASURES].mean().mean()
        records.append(
            {
                **dict(zip(IDENTITY, key, strict=True)),
                "mean": by_class["iou_present"],
                "low": low,
                "high": high,
                "std": group.groupby("seed").apply(_class_mean, include_groups=False).std(ddof=1),
                "seeds": seeds if seeds > 1 else 0,
                "iou_released": by_class["iou"],
                "accuracy": by_class["accuracy"],
                "instance_iou": each["iou_present"].mean(),
                "instance_iou_released": each["iou"].mean(),
                "n": len(each),
                **_published(dict(zip(IDENTITY, key, strict=True)), published),
            }
        )
    table = pd.DataFrame(records).rename(columns={"mean": "iou_present"})
    if table["published"].notna().any():
        return table
    return table.drop(columns=["published", "source", "certainty"])


def _class_mean(rows: pd.DataFrame) -> float:
    return float(rows.groupby("class")["iou_present"].mean().mean())


def _published(identity: Mapping[str, Any], published: pd.DataFrame) -> dict[str, Any]:
    """The published IoU of an experiment, its source and certainty; empty cells fit nothing."""
    columns = {"part_dataset": "dataset", "segmenter": "method"}
    fits = (published["metric"] == "iou") & (published["variant"] == "")
    for axis in ("part_dataset", "projection", "backbone", "segmenter", "protocol", "shots"):
        fits &= published[columns.get(axis, axis)] == identity[axis]
    found = published[fits].head(1).to_dict("records")
    one = found[0] if found else {"value": np.nan, "source": "", "certainty": ""}
    return {"published": one["value"], "source": one["source"], "certainty": one["certainty"]}


def class_mean_interval(each: pd.DataFrame) -> tuple[float, float]:
    """Percentile bootstrap of the class mean: shapes are resampled within every class.

    Args:
        each: a row per shape: `class` and `iou_present`.
    """
    rng = np.random.default_rng(0)
    resampled = [
        rng.choice(own.to_numpy(), (RESAMPLES, len(own))).mean(1)
        for _, own in each.groupby("class", sort=True)["iou_present"]
    ]
    low, high = np.quantile(np.mean(resampled, axis=0), TAILS)
    return float(low), float(high)


def _score(
    test: PartSet,
    truth: Integer[np.ndarray, "shape point"],
    said: Integer[np.ndarray, "shape point"],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    names, rows, parts = list(test.parts), [], []
    for index, label in enumerate(test.label):
        name = names[label]
        ids = list(range(len(test.parts[name])))
        true, predicted = truth[index].astype(np.int64), said[index].astype(np.int64)
        rows.append({"class": name, "id": test.id[index], **shape_scores(predicted, true, ids)})
        ious = part_ious(predicted, true, ids)
        parts += [
            {"class": name, "part": test.parts[name][k], "iou": 100 * ious[k]}
            for k in np.unique(true)
        ]
    of_parts = pd.DataFrame(parts).groupby(["class", "part"], sort=False)["iou"]
    return pd.DataFrame(rows), of_parts.agg(["mean", "size"]).reset_index()


def _baselines(test: PartSet, files: PartFiles) -> dict[str, Integer[np.ndarray, "shape point"]]:
    """Answers that do not look at the shape."""
    train = read_part_set(files.train_clouds)
    taught = read_h5_rows([files.train_labels], "part", train.id)
    sizes = np.array([len(parts) for parts in test.parts.values()])
    single = np.zeros(len(sizes), np.int64)
    for label in set(train.label.tolist()):
        own = [part.astype(np.int64) for part in taught[train.label == label]]
        single[label] = best_single_part(own, range(sizes[label]))
    size = test.points.shape[:2]
    random = np.random.default_rng(0).random(size) * sizes[test.label][:, None]
    return {
        "random": random.astype(np.int64),
        "best_single_part": np.broadcast_to(single[test.label][:, None], size),
    }


def _ceiling(
    test: PartSet, truth: Integer[np.ndarray, "shape point"], patches: Sequence[str | Path]
) -> Integer[np.ndarray, "shape point"]:
    from pointclip.segmentation.ceiling import perfect_parts
    from pointclip.segmentation.patches import read_patches

    row = {name: index for index, name in enumerate(test.id)}
    said = np.zeros(truth.shape, np.int64)
    for name, shape in read_patches(patches):
        index = row[name]
        count = len(list(test.parts.values())[test.label[index]])
        true = truth[index].astype(np.int64)
        said[index] = perfect_parts(test.points[index], true, shape, count)
    return said
