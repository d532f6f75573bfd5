"""Calibration of all experiments whose temperature is known: a row a method and seed."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from pointclip.catalog.columns import CALIBRATION, IDENTITY
from pointclip.classification.temperature import softmax
from pointclip.classification.train_statistics import read_statistics
from pointclip.config.experiments import Run, score_columns
from pointclip.core import store
from pointclip.evaluation.calibration import (
    BINS,
    expected_calibration_error,
    measure,
    reliability,
    risk_coverage,
    view_disagreement,
)
from pointclip.evaluation.score import methods_of, read_logits


def calibrate(
    runs: Sequence[Run],
    logits: Sequence[str | Path],
    labels: Mapping[str, str | Path],
    statistics: Mapping[str, str | Path],
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Metrics of every method and seed, the bins of their reliability diagrams, and their curves.

    Experiments without a temperature (no train shape was held out, or the method has none) are left
    out. The arguments are those of `score`.

    Returns:
        Metrics: the columns of `score_columns`, `seed`, those of `catalog.columns.CALIBRATION`
        (`aurc_agreement`, of zero-shot alone: shapes sorted by how far the views agree) and `n`.
        Bins: the same experiment, `tempered`, `bin`, `weight`,
        `accuracy`, `confidence`, means over seeds. Curves: the same, `by` (confidence or
        agreement), `coverage` in steps of 1 %, `risk`.
    """
    truth = {name: store.read_parquet(path) for name, path in labels.items()}
    rows: list[dict] = []
    bins: list[dict] = []
    curves: list[dict] = []
    for run, path in zip(runs, logits, strict=True):
        of = score_columns(run)
        target_of = truth[of["dataset"]].set_index("id")["label"]
        agreement = _agreement(path) if str(path) in statistics else None
        for method, seed, ids, one, temperature in _tempered(of, path, statistics.get(str(path))):
            target = np.array(target_of.reindex(ids), dtype=np.int64)
            right = (one.argmax(1) == target).astype(np.float64)
            about = {**of, "method": method, "seed": seed}
            raw = expected_calibration_error(softmax(one).max(1), right)
            found = measure(one, target, temperature)
            scores = {"confidence": softmax(one / temperature).max(1)}
            if agreement is not None:
                scores["agreement"] = agreement
            risks = {by: risk_coverage(score, right) for by, score in scores.items()}
            if "agreement" in risks:
                found["aurc_agreement"] = risks["agreement"].aurc
            rows.append({**about, "ece_untempered": raw, **found, "n": len(target)})
            for by, curve in risks.items():
                curves += [{**about, "by": by, **point} for point in _percents(curve.risk)]
            for tempered, t in ((False, 1.0), (True, temperature)):
                confidence = softmax(one / t).max(1)
                for weight, accuracy, mean in reliability(confidence, right):
                    index = min(int(np.ceil(mean * BINS)) - 1, BINS - 1)
                    numbers = {"weight": weight, "accuracy": accuracy, "confidence": mean}
                    bins.append({**about, "tempered": tempered, "bin": max(index, 0), **numbers})
    metrics = pd.DataFrame(rows)
    if metrics.empty:
        return metrics, pd.DataFrame(bins), pd.DataFrame(curves)
    metrics = metrics.reindex(columns=[*IDENTITY, "seed", *CALIBRATION, "n"])
    metrics = metrics.astype({"seed": "Int64"}).sort_values([*IDENTITY, "seed"])
    same = [*IDENTITY, "by", "coverage"]
    merged = pd.DataFrame(curves).groupby(same, as_index=False, sort=False)["risk"].mean()
    return metrics.reset_index(drop=True), _merge_seeds(pd.DataFrame(bins)), merged


def _agreement(logits: str | Path) -> np.ndarray:
    """How far the views of every shape agree in a file of zero-shot logits: 1 for wholly."""
    with store.open_h5(logits) as f:
        return 1 - view_disagreement(f["logits"][:])


def _percents(risk: np.ndarray) -> list[dict[str, float]]:
    """A risk-coverage curve at every percent of coverage."""
    kept = [max(1, round(len(risk) * percent / 100)) for percent in range(1, 101)]
    return [
        {"coverage": percent / 100, "risk": float(risk[count - 1])}
        for percent, count in enumerate(kept, 1)
    ]


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


def of_experiment(rows: pd.DataFrame, columns: Mapping[str, object]) -> pd.DataFrame:
    """The rows of one experiment, of those of all."""
    if rows.empty:
        return rows
    return rows[np.logical_and.reduce([rows[name] == columns[name] for name in IDENTITY])]
