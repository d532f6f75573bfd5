"""What the workflow has cached, for a notebook: features with their labels, and scores."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from pointclip.config import paths
from pointclip.core import store
from pointclip.core.errors import UserError, choose
from pointclip.features.read import read_features, read_labels


@dataclass(frozen=True, repr=False)
class CachedFeatures:
    """Features of all shapes of a split.

    Attributes:
        features: as the backbone gives them, not normalised.
        labels: of the shapes; `classes[label]` is the name.
        ids: of the shapes, as in every other cached file.
        view_names: what the views are called.
    """

    features: Float[np.ndarray, "shape view channel"]
    labels: Int[np.ndarray, " shape"]
    ids: np.ndarray
    classes: list[str]
    view_names: list[str]

    def __repr__(self) -> str:
        shapes, views, channels = self.features.shape
        return (
            f"CachedFeatures({shapes} shapes of {len(self.classes)} classes, {views} views, "
            f"{channels} channels)"
        )


def load_features(
    dataset: str,
    projection: str = "pointclip_v2",
    backbone: str = "iconclip",
    split: str = "test",
    results: str | Path = "results",
) -> CachedFeatures:
    """The features that the workflow cached for one data set, projection and backbone.

    Args:
        dataset: an id of the config that was run.
        projection: the same.
        backbone: the same.
        split: train or test.
        results: the folder that the workflow wrote, `results` of the config.

    Raises:
        UserError: if they were not made, with what there is; or if a shard is missing.
    """
    choose(split, ["train", "test"], "split")
    ids = {"dataset": dataset, "projection": projection, "backbone": backbone, "split": split}
    files = _shards(results, **ids)
    if not files:
        others = _shards(results, **(dict.fromkeys(ids, "*") | {"split": split}))
        there = sorted({"/".join(file.parts[-4:-1]) for file in others})
        raise UserError(
            f"{results} holds no {split} features of {dataset}/{projection}/{backbone}: "
            + (f"there are {', '.join(there)}." if there else "run snakemake first.")
        )
    labels = Path(results, paths.path("labels", dataset=dataset, split=split))
    table, rows = store.read_parquet(labels), store.ids_of(files)
    if len(rows) < len(table):
        raise UserError(
            f"{files[0].parent} holds features of {len(rows)} of {len(table)} {split} shapes: "
            "run snakemake, and the others are made."
        )
    return CachedFeatures(
        read_features(files),
        read_labels(labels, rows),
        rows,
        list(table.attrs["classes"]),
        store.view_names(files[0]),
    )


def _shards(results: str | Path, **ids: str) -> list[Path]:
    found = Path(results).glob(paths.path("features", **ids, shard="*"))
    return sorted(found, key=lambda file: int(file.stem.rpartition("-")[2]))


def load_scores(results: str | Path = "results") -> pd.DataFrame:
    """All scores of a config: a row for each experiment, method and seed; accuracies in percent.

    Args:
        results: where the config's tables are: `results`, and below it the config's `name`, if it
            has one (`results/paper`).

    Raises:
        UserError: if there are no scores.
    """
    file = Path(results) / "scores.parquet"
    if not file.is_file():
        raise UserError(f"{file} does not exist: run snakemake first.")
    return store.read_parquet(file)
