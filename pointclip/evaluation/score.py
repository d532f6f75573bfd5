"""Scores: where logits meet test labels.

Without torch, whose import would cost a job more than all its arithmetic.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from pointclip.classification.zero_shot import COMBINE, read_combined
from pointclip.config.experiments import identity
from pointclip.core import store
from pointclip.core.errors import UserError


IDENTITY = ["dataset", "projection", "prompts", "backbone", "method", "protocol", "shots"]
SHARES = ["accuracy", "top5", "mean_class_accuracy"]
COLUMNS = [*IDENTITY, "seed", *SHARES, "n"]


def score(
    experiments: Sequence[str], logits: Sequence[str | Path], labels: Sequence[str | Path]
) -> pd.DataFrame:
    """A row for every experiment, method and seed, in the order of their identity.

    Args:
        experiments: which they are, by the path of their logits below the results.
        logits: their files.
        labels: `…/{dataset}/test.parquet` of every data set among them.
    """
    truth = {Path(path).parent.name: store.read_parquet(path) for path in labels}
    rows = []
    for experiment, path in zip(experiments, logits, strict=True):
        of = identity(experiment)
        # Views can be combined in several ways; all else has one.
        methods = list(COMBINE) if of["method"] == "zero_shot" else [of["method"]]
        table = predictions(path, truth[of["dataset"]], methods)
        for (method, seed), one in table.groupby(["method", "seed"], dropna=False, sort=False):
            rows.append({**of, "method": method, "seed": seed, **summary(one)})
    # The same types where there is no row.
    types = {"shots": "Int64", "seed": "Int64", "n": "int64", **dict.fromkeys(SHARES, "float64")}
    frame = pd.DataFrame(rows, columns=COLUMNS).astype(types)
    return frame.sort_values([*IDENTITY, "seed"]).reset_index(drop=True)


def predictions(logits: str | Path, labels: pd.DataFrame, methods: Sequence[str]) -> pd.DataFrame:
    """What every method and seed of an experiment says of every shape.

    Args:
        labels: columns `id` and `label`.
        methods: that of the experiment, or several ways to combine the views of `zero_shot`.

    Returns:
        Columns `method, seed, id, label, predicted, top5`; `top5` says whether the label is among
        the five best. No row for a protocol that does not exist there.
    """
    with store.open_h5(logits) as f:
        ids = f["id"].asstr()[:]
        label = labels.set_index("id")["label"].reindex(ids)
        if label.isna().any():
            unknown = ids[label.isna().to_numpy()][0]
            raise UserError(f"{logits} has a shape without a label: '{unknown}'.")
        said: list[tuple[str, int | None, np.ndarray]] = []
        for method in methods:
            if "weights" in f:  # an ensemble, `zero_shot+other`, has one view: the blend
                said.append((method, None, read_combined(f, method.split("+")[0])))
            else:
                said += [(method, seed, f["logits"][i]) for i, seed in enumerate(f["seed"][:])]
    target = np.array(label, dtype=np.int64)
    if not all(np.isfinite(one).all() for _, _, one in said):
        raise UserError(f"{logits} holds NaN or infinite values: it cannot be scored.")
    tables = [
        predict(one, target).assign(method=method, seed=seed, id=ids) for method, seed, one in said
    ]
    columns = ["method", "seed", "id", "label", "predicted", "top5"]
    return pd.concat(tables)[columns] if tables else pd.DataFrame(columns=columns)


def predict(
    logits: Float[np.ndarray, "shape label"], labels: Int[np.ndarray, " shape"]
) -> pd.DataFrame:
    """Per shape: label, predicted class, and whether the label is in the top 5."""
    label = labels[:, None]
    own = np.take_along_axis(logits, label, axis=1)
    # Of equals the lower label comes first, as in argmax.
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
