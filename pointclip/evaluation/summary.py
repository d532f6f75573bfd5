"""Score rows summarised: one row per seed, or one row per experiment with its interval."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pointclip.catalog.columns import IDENTITY, METRICS, SCORES
from pointclip.catalog.protocols import PROTOCOLS
from pointclip.core.errors import UserError
from pointclip.evaluation.intervals import bootstrap_interval, seed_interval
from pointclip.evaluation.published import join_published


def per_seed(scores: pd.DataFrame, published: pd.DataFrame | None = None) -> pd.DataFrame:
    """One row per seed, in a fixed order, with the published number beside it."""
    identity = identity_of(scores)
    rows = ordered(scores, [*identity, "seed"])[[*identity, "seed", *METRICS, "n"]]
    # Zero-shot rows have no seed: a nullable integer keeps the others from becoming 1.0.
    return join_published(rows.astype({"seed": "Int64"}), published)


def summarise(scores: pd.DataFrame, published: pd.DataFrame | None = None) -> pd.DataFrame:
    """One row per experiment: mean, std, seeds, interval, published, difference to published.

    The interval is one of two: with seeds, that of the mean over further samples of shots
    (Student's t); without, that of the accuracy on other test shapes (bootstrap).
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
    summary = join_published(summary, published)
    delta = summary["mean"] - summary["published"]
    summary.insert(len(summary.columns) - 1, "delta_vs_published", delta)
    return summary


def identity_of(scores: pd.DataFrame) -> list[str]:
    """The columns that tell experiments apart: the usual ones, and what an ablation adds."""
    for name in SCORES:
        if name not in scores:
            raise UserError(f"These score rows lack the column '{name}'.")
    known = {*SCORES, "low", "high", "published", "source"}
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
    known = list(PROTOCOLS)
    return known.index(protocol) if protocol in known else len(known)
