"""Scores: where logits meet test labels.

A new column is computed here and named in METRICS and HEADINGS of `catalog/columns.py`. Without
torch, whose import would cost a job more than all its arithmetic.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from pointclip.catalog.columns import IDENTITY, METRICS, SCORES
from pointclip.classification.train_statistics import MEAN, PRIOR, divide_out, read_statistics
from pointclip.classification.zero_shot import COMBINE, WITHOUT_LABELS, read_combined
from pointclip.config.experiments import Run, score_columns
from pointclip.core import store
from pointclip.core.errors import UserError


def score(
    runs: Sequence[Run],
    logits: Sequence[str | Path],
    labels: Mapping[str, str | Path],
    statistics: Mapping[str, str | Path] | None = None,
) -> pd.DataFrame:
    """A row for every experiment, method and seed, in the order of their identity.

    Args:
        runs: the experiments, as `config/experiments.py` lists them.
        logits: their files, in the same order.
        labels: data set -> labels of its test split.
        statistics: file of zero-shot logits -> what train shapes tell about them.
    """
    truth = {name: store.read_parquet(path) for name, path in labels.items()}
    rows = []
    for run, path in zip(runs, logits, strict=True):
        of = score_columns(run)
        prior = None
        if statistics and str(path) in statistics:
            prior = read_statistics(statistics[str(path)])[0]
        methods = methods_of(of, prior is not None)
        table = predictions(path, truth[of["dataset"]], methods, prior)
        for (method, seed), one in table.groupby(["method", "seed"], dropna=False, sort=False):
            rows.append({**of, "method": method, "seed": seed, **summary(one)})
    # The same types where there is no row.
    types = {"shots": "Int64", "seed": "Int64", "n": "int64", **dict.fromkeys(METRICS, "float64")}
    frame = pd.DataFrame(rows, columns=SCORES).astype(types)
    return frame.sort_values([*IDENTITY, "seed"]).reset_index(drop=True)


def methods_of(columns: Mapping[str, Any], with_prior: bool = False) -> list[str]:
    """The methods that one file of logits is scored under: views can be combined in several ways.

    Args:
        columns: what a score row says of its experiment.
    """
    if columns["method"] != "zero_shot":
        return [columns["method"]]
    if columns["protocol"] != "plain":
        return [method for method in COMBINE if method not in WITHOUT_LABELS]
    return [*COMBINE, *([PRIOR] if with_prior else [])]


def predictions(
    logits: str | Path,
    labels: pd.DataFrame,
    methods: Sequence[str],
    prior: Float[np.ndarray, " class"] | None = None,
) -> pd.DataFrame:
    """The prediction of every method and seed of an experiment for every shape.

    Args:
        labels: columns `id` and `label`.
        methods: that of the experiment, or several ways to combine the views of `zero_shot`.
        prior: of the classes, for the method that divides it out.

    Returns:
        Columns `method, seed, id, label, predicted, top5`; `top5` says whether the label is among
        the five best. No row for a protocol that does not exist there.
    """
    ids, logits_of = read_logits(logits, methods, prior)
    label = labels.set_index("id")["label"].reindex(ids)
    if label.isna().any():
        unknown = ids[label.isna().to_numpy()][0]
        raise UserError(f"{logits} has a shape without a label: '{unknown}'.")
    target = np.array(label, dtype=np.int64)
    if not all(np.isfinite(one).all() for _, _, one in logits_of):
        raise UserError(f"{logits} holds NaN or infinite values: it cannot be scored.")
    tables = [
        predict(one, target).assign(method=method, seed=seed, id=ids)
        for method, seed, one in logits_of
    ]
    columns = ["method", "seed", "id", "label", "predicted", "top5"]
    return pd.concat(tables)[columns] if tables else pd.DataFrame(columns=columns)


def read_logits(
    logits: str | Path,
    methods: Sequence[str],
    prior: Float[np.ndarray, " class"] | None = None,
) -> tuple[np.ndarray, list[tuple[str, int | None, np.ndarray]]]:
    """The ids of a file's shapes, and method, seed and logits (shape, class) of every row."""
    with store.open_h5(logits) as f:
        ids = f["id"].asstr()[:]
        found: list[tuple[str, int | None, np.ndarray]] = []
        for method in methods:
            if method == PRIOR and prior is not None:
                found.append((method, None, divide_out(read_combined(f, MEAN), prior)))
            elif "weights" in f:  # an ensemble, `zero_shot+other`, has one view: the blend
                found.append((method, None, read_combined(f, method.split("+")[0])))
            else:
                # A method without chance has one row of logits, whose seed is -1.
                seeds = [int(seed) if seed >= 0 else None for seed in f["seed"][:]]
                found += [(method, seed, f["logits"][i]) for i, seed in enumerate(seeds)]
    return ids, found


def predict(
    logits: Float[np.ndarray, "shape class"], labels: Int[np.ndarray, " shape"]
) -> pd.DataFrame:
    """Per shape: label, predicted class, and whether the label is in the top 5."""
    label = labels[:, None]
    own = np.take_along_axis(logits, label, axis=1)
    # Ties go to the lower label, as in argmax.
    before = (logits > own) | ((logits == own) & (np.arange(logits.shape[1]) < label))
    return pd.DataFrame({"label": labels, "predicted": logits.argmax(1), "top5": before.sum(1) < 5})


def summary(predictions: pd.DataFrame) -> dict[str, float | int]:
    """Accuracy, top-5 and the mean of the classes' accuracies, in percent, and how many shapes."""
    right = predictions["label"] == predictions["predicted"]
    return {
        "accuracy": 100 * float(right.mean()),
        "top5": 100 * float(predictions["top5"].mean()),
        "mean_class_accuracy": 100 * float(right.groupby(predictions["label"]).mean().mean()),
        "n": len(predictions),
    }
