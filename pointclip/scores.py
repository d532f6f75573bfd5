"""Scores: where logits meet test labels.

Without torch, whose import would cost a job more than all its arithmetic.
"""

from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from pointclip import store
from pointclip.errors import UserError
from pointclip.zero_shot import log_softmax, read_combined


IDENTITY = ["dataset", "projection", "prompts", "backbone", "method", "protocol", "shots"]
COLUMNS = [*IDENTITY, "seed", "accuracy", "top5", "mean_class_accuracy", "n"]
PREDICTION_COLUMNS = [*IDENTITY, "seed", "id", "label", "predicted", "top5", "probability"]


def score(
    logits: str | Path,
    labels: str | Path,
    identity: Mapping[str, str | int],
    scores_out: str | Path,
    predictions_out: str | Path,
    methods: Sequence[str] = (),
) -> None:
    """Write one score row per seed, and one row per seed and shape beside it.

    A logits file without a seed (a protocol that does not exist there) gives empty tables.

    Args:
        identity: a value for each column of IDENTITY.
        methods: further methods, scored from the same logits: other ways to combine views.
    """
    missing = set(IDENTITY) - set(identity)
    if missing:
        raise UserError(f"A score needs {', '.join(sorted(missing))} to say what it is of.")
    truth = store.read_parquet(labels)
    with store.open_h5(logits) as f:
        ids = f["id"].asstr()[:]
        label = truth.set_index("id")["label"].reindex(ids)
        if label.isna().any():
            raise UserError(f"{labels} has no label for shape '{ids[label.isna().to_numpy()][0]}'.")
        target = np.array(label, dtype=np.int64)
        rows, predictions = [], []
        zero_shot = "weights" in f
        seeds = [None] if zero_shot else f["seed"][:].tolist()
        for method, (index, seed) in product([identity["method"], *methods], enumerate(seeds)):
            # An ensemble, `zero_shot+other`, has one view: the blend.
            how = str(method).split("+")[0]
            one = read_combined(f, how) if zero_shot else f["logits"][index]
            table, of = predict(one, target), {**identity, "method": method}
            rows.append({**of, "seed": seed, **summary(table)})
            predictions.append(table.assign(id=ids, seed=seed, **of))
    classes = truth.attrs.get("classes", [])
    store.write_parquet(_table(rows, COLUMNS), scores_out)
    joined = pd.concat(predictions) if predictions else pd.DataFrame()
    store.write_parquet(_table(joined, PREDICTION_COLUMNS), predictions_out, classes=classes)


def predict(
    logits: Float[np.ndarray, "shape label"], labels: Int[np.ndarray, " shape"]
) -> pd.DataFrame:
    """Per shape: label, predicted class, its probability, and whether the label is in the top 5."""
    scores = np.asarray(logits, dtype=np.float64)
    if not np.isfinite(scores).all():
        raise UserError("The logits hold NaN or infinite values: they cannot be scored.")
    label = labels[:, None]
    own = np.take_along_axis(scores, label, axis=1)
    # Of equals the lower label comes first, as in argmax.
    before = (scores > own) | ((scores == own) & (np.arange(scores.shape[1]) < label))
    return pd.DataFrame(
        {
            "label": labels,
            "predicted": scores.argmax(1),
            "top5": before.sum(1) < 5,
            "probability": np.exp(log_softmax(scores)).max(1),
        }
    )


def summary(predictions: pd.DataFrame) -> dict[str, float | int]:
    """Accuracy, top-5 and the mean of the classes' accuracies, in percent, and how many shapes."""
    right = predictions["label"] == predictions["predicted"]
    return {
        "accuracy": 100 * float(right.mean()),
        "top5": 100 * float(predictions["top5"].mean()),
        "mean_class_accuracy": 100 * float(right.groupby(predictions["label"]).mean().mean()),
        "n": len(predictions),
    }


def collect(paths: Sequence[str | Path]) -> pd.DataFrame:
    """All score rows of many files, in the order of their identity."""
    frames = [frame for path in paths if len(frame := store.read_parquet(path))]
    if not frames:
        return _table([], COLUMNS)
    return _table(pd.concat(frames).sort_values([*IDENTITY, "seed"]), COLUMNS)


def _table(rows: list[dict] | pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """A frame with fixed columns and types, also when it has no row."""
    frame = pd.DataFrame(rows, columns=columns).reset_index(drop=True)
    frame[["shots", "seed"]] = frame[["shots", "seed"]].astype("Int64")
    numbers = [c for c in ("accuracy", "mean_class_accuracy", "probability") if c in columns]
    frame[numbers] = frame[numbers].astype("float64")
    whole = [c for c in ("n", "label", "predicted") if c in columns]
    frame[whole] = frame[whole].astype("int64")
    frame["top5"] = frame["top5"].astype("float64" if "n" in columns else "bool")
    return frame
