"""Score rows as tables: one row per seed, one row per experiment, or a paper's layout."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy.special import bdtrik, stdtrit

from pointclip.core.errors import UserError, choose
from pointclip.evaluation.published import PROTOCOLS, attach


IDENTITY = ["dataset", "projection", "prompts", "backbone", "method", "protocol", "shots"]
SCORES = ["accuracy", "top5", "mean_class_accuracy", "n"]
CONFIDENCE = 0.95


def per_seed(scores: pd.DataFrame, published: pd.DataFrame | None = None) -> pd.DataFrame:
    """One row per seed, in a fixed order, with the published number beside it."""
    identity = identity_of(scores)
    rows = ordered(scores, [*identity, "seed"])[[*identity, "seed", *SCORES]]
    # Zero-shot rows have no seed: a nullable integer keeps the others from becoming 1.0.
    return attach(rows.astype({"seed": "Int64"}), published)


def summarise(scores: pd.DataFrame, published: pd.DataFrame | None = None) -> pd.DataFrame:
    """One row per experiment and protocol: mean, std, seeds, interval, published, difference.

    The interval (95 %) says one of two things: with seeds, where the mean over further draws of
    shots lies (Student's t); without, where the accuracy on other test shapes lies (bootstrap).
    """
    identity = identity_of(scores)
    records = []
    for key, group in scores.groupby(identity, sort=False, dropna=False):
        accuracy, n = group["accuracy"].to_numpy(float), int(group["n"].iloc[0])
        seeded = bool(group["seed"].notna().any())
        low, high = seed_interval(accuracy) if seeded else bootstrap_interval(accuracy[0], n)
        std = accuracy.std(ddof=1) if len(accuracy) > 1 else np.nan
        numbers = [accuracy.mean(), std, len(accuracy) if seeded else 0, low, high, n]
        records.append([*key, *numbers])
    columns = [*identity, "mean", "std", "seeds", "low", "high", "n"]
    summary = ordered(pd.DataFrame(records, columns=columns), identity)
    summary = attach(summary, published)
    difference = summary["mean"] - summary["published"]
    summary.insert(len(summary.columns) - 1, "difference", difference)
    return summary


def seed_interval(accuracy: Float[np.ndarray, " seed"]) -> tuple[float, float]:
    """95 % interval of the mean over seeds (Student's t); empty for a single seed."""
    n = len(accuracy)
    if n < 2:
        return np.nan, np.nan
    half = stdtrit(n - 1, (1 + CONFIDENCE) / 2) * accuracy.std(ddof=1) / np.sqrt(n)
    return float(accuracy.mean() - half), float(accuracy.mean() + half)


def bootstrap_interval(accuracy: float, n: int) -> tuple[float, float]:
    """95 % percentile bootstrap interval of an accuracy (in percent) on `n` test shapes.

    Resampling n answers of which a share p is right draws Binomial(n, p), so the limits of
    infinitely many resamples are its quantiles: no resampling, no seed.
    """
    p = accuracy / 100
    if n == 0 or not 0 < p < 1:
        return float(accuracy), float(accuracy)
    tails = np.array([(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    # bdtrik is the real k at which the distribution function reaches a tail; nan means k < 0.
    limits = np.ceil(np.nan_to_num(bdtrik(tails, n, p))) / n * 100
    return float(limits[0]), float(limits[1])


def layout(
    summary: pd.DataFrame,
    rows: Sequence[str] = ("method", "projection", "prompts", "backbone"),
    columns: str = "dataset",
    where: Mapping[str, object] | None = None,
    value: str = "mean",
) -> pd.DataFrame:
    """A paper's table: ours in each cell and, where there is one, the published number and the gap.

    The protocol is always a row or a column, so that no cell can mix two of them.

    Args:
        where: column -> value or list of values that are kept.

    Raises:
        UserError: if a name is no column, or several experiments fall into one cell.
    """
    rows = [*rows] if "protocol" in (*rows, columns) else [*rows, "protocol"]
    for name in [*rows, columns, value, *(where or {})]:
        choose(name, summary.columns, "column of a table")
    for name, wanted in (where or {}).items():
        kept = wanted if isinstance(wanted, list | tuple) else [wanted]
        summary = summary[summary[name].isin(kept)]
    twice = summary[summary.duplicated([*rows, columns], keep=False)]
    if len(twice):
        cell = ", ".join(f"{name} {twice.iloc[0][name]}" for name in [*rows, columns])
        raise UserError(
            f"Several experiments fall into one cell ({cell}): add a column to the table's rows "
            "or narrow its selection."
        )
    table = summary[rows].drop_duplicates().reset_index(drop=True)
    for name in summary[columns].drop_duplicates():
        cells = summary[summary[columns] == name]
        names = {value: str(name)}
        if cells["published"].notna().any():
            names["published"] = f"{name} published"
            # Of a standard deviation there is nothing to take away from.
            names |= {"difference": f"{name} difference"} if value == "mean" else {}
        part = cells[[*rows, *names]].rename(columns=names)
        table = table.merge(part, on=rows, how="left")
    return table


def identity_of(scores: pd.DataFrame) -> list[str]:
    """The columns that tell experiments apart: the usual ones, and what an ablation adds."""
    for name in [*IDENTITY, "seed", *SCORES]:
        if name not in scores:
            raise UserError(f"These score rows lack the column '{name}'.")
    known = {*IDENTITY, "seed", *SCORES, "low", "high", "published", "source"}
    return [*IDENTITY, *(name for name in scores if name not in known)]


def ordered(frame: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Rows in reading order: protocols apart, the headline first, then more and more shots."""
    first = ["dataset", "projection", "prompts", "backbone", "protocol", "shots", "method"]
    by = sorted(by, key=lambda name: first.index(name) if name in first else len(first))
    return frame.sort_values(
        by,
        kind="stable",
        na_position="first",
        key=lambda column: column.map(_rank) if column.name == "protocol" else column,
    ).reset_index(drop=True)


def _rank(protocol: str) -> int:
    return PROTOCOLS.index(protocol) if protocol in PROTOCOLS else len(PROTOCOLS)
