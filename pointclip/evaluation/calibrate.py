"""Calibration of all experiments whose temperature is known: a row a method and seed."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from pointclip.catalog.columns import IDENTITY
from pointclip.classification.temperature import softmax
from pointclip.classification.train_statistics import read_statistics
from pointclip.config.experiments import Run, score_columns
from pointclip.core import store
from pointclip.evaluation.calibration import BINS, expected_calibration_error, measure, reliability
from pointclip.evaluation.score import methods_of, read_logits


def calibrate(
    runs: Sequence[Run],
    logits: Sequence[str | Path],
    labels: Mapping[str, str | Path],
    statistics: Mapping[str, str | Path],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Metrics of every method and seed, and the bins of their reliability diagrams.

    Experiments without a temperature (no train shape was held out, or the method has none) are left
    out. The arguments are those of `score`.

    Returns:
        Metrics: the columns of `score_columns`, `seed`, `ece_untempered`, those of
        `calibration.measure` and `n`, fractions all. Bins: the same experiment, `tempered`, `bin`,
        `weight`, `accuracy`, `confidence`, means over seeds.
    """
    truth = {name: store.read_parquet(path) for name, path in labels.items()}
    rows, bins = [], []
    for run, path in zip(runs, logits, strict=True):
        of = score_columns(run)
        target_of = truth[of["dataset"]].set_index("id")["label"]
        for method, seed, ids, one, temperature in _tempered(of, path, statistics.get(str(path))):
            target = np.array(target_of.reindex(ids), dtype=np.int64)
            right = (one.argmax(1) == target).astype(np.float64)
            about = {**of, "method": method, "seed": seed}
            raw = expected_calibration_error(softmax(one).max(1), right)
            found = measure(one, target, temperature)
            rows.append({**about, "ece_untempered": raw, **found, "n": len(target)})
            for tempered, t in ((False, 1.0), (True, temperature)):
                confidence = softmax(one / t).max(1)
                for weight, accuracy, mean in reliability(confidence, right):
                    index = min(int(np.ceil(mean * BINS)) - 1, BINS - 1)
                    numbers = {"weight": weight, "accuracy": accuracy, "confidence": mean}
                    bins.append({**about, "tempered": tempered, "bin": max(index, 0), **numbers})
    metrics = pd.DataFrame(rows)
    if metrics.empty:
        return metrics, pd.DataFrame(bins)
    metrics = metrics.astype({"seed": "Int64"}).sort_values([*IDENTITY, "seed"])
    return metrics.reset_index(drop=True), _merge_seeds(pd.DataFrame(bins))


def _merge_seeds(bins: pd.DataFrame) -> pd.DataFrame:
    """One bin for that of all seeds, each shape of each seed weighing the same."""
    total = bins.assign(
        accuracy=bins["accuracy"] * bins["weight"], confidence=bins["confidence"] * bins["weight"]
    )
    numbers = ["weight", "accuracy", "confidence"]
    merged = total.groupby([*IDENTITY, "tempered", "bin"], as_index=False)[numbers].sum()
    for name in ("accuracy", "confidence"):
        merged[name] /= merged["weight"]
    return merged


def _tempered(
    columns: Mapping[str, object], path: str | Path, statistics: str | Path | None
) -> Iterator[tuple[str, int | None, np.ndarray, np.ndarray, float]]:
    """Method, seed, ids, logits and temperature of every row of a file that has a temperature."""
    if statistics:
        prior, of_method = read_statistics(statistics)
        methods = [name for name in methods_of(columns, True) if name in of_method]
        ids, found = read_logits(path, methods, prior)
        for method, seed, one in found:
            yield method, seed, ids, one, of_method[method]
        return
    with store.open_h5(path) as f:
        known: list[float] = f["temperature"][:].tolist() if "temperature" in f else []
    if known:
        ids, found = read_logits(path, methods_of(columns))
        for (method, seed, one), temperature in zip(found, known, strict=True):
            yield method, seed, ids, one, temperature
