"""Methods ranked by accuracy, with the significance of their differences paired by seed."""

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy.stats import ttest_rel

from pointclip.catalog.columns import CONFIDENCE


# What a comparison has in common.
SAME = ["dataset", "projection", "prompts", "backbone", "protocol", "shots"]


def rank_methods(scores: pd.DataFrame) -> pd.DataFrame:
    """Every few-shot method against the best of its comparison, over the seeds that both have.

    Seeds pair the methods: a seed's shots are the same for all. A two-sided paired t-test, its p
    values corrected for the number of methods by Holm.

    Returns:
        The columns of SAME, `rank`, `method`, `mean`, `difference` (to the best, in points), `low`,
        `high` (its interval), `p` (Holm; empty for the best) and `seeds`. Comparisons of one
        method, or of fewer than two seeds, are left out.
    """
    rows = []
    seeded = scores[scores["seed"].notna()]
    for key, of in seeded.groupby(SAME, sort=False):
        table = of.pivot_table(index="seed", columns="method", values="accuracy").dropna()
        if table.shape[1] < 2 or len(table) < 2:
            continue
        order = table.mean().sort_values(ascending=False, kind="stable").index
        best = table[order[0]].to_numpy()
        tests = [paired(table[name].to_numpy(), best) for name in order[1:]]
        adjusted = [np.nan, *holm(np.array([p for *_, p in tests]))]
        for rank, (name, p) in enumerate(zip(order, adjusted, strict=True), 1):
            difference, low, high, _ = tests[rank - 2] if rank > 1 else (0.0, np.nan, np.nan, 0)
            numbers = {"mean": table[name].mean(), "difference": difference, "low": low}
            numbers |= {"high": high, "p": p, "seeds": len(table)}
            rows.append(
                {**dict(zip(SAME, key, strict=True)), "rank": rank, "method": name} | numbers
            )
    names = ["rank", "method", "mean", "difference", "low", "high", "p", "seeds"]
    return pd.DataFrame(rows, columns=[*SAME, *names])


def paired(
    one: Float[np.ndarray, " seed"], other: Float[np.ndarray, " seed"]
) -> tuple[float, float, float, float]:
    """Mean difference, its interval and p value of a paired t-test.

    Equal differences in all seeds have no variance: p is 1 for none at all, else 0.
    """
    difference = one - other
    mean = float(difference.mean())
    if np.ptp(difference) == 0:
        return mean, mean, mean, float(mean == 0)
    found = ttest_rel(one, other)
    low, high = found.confidence_interval(CONFIDENCE)
    return mean, float(low), float(high), float(found.pvalue)


def holm(p: Float[np.ndarray, " test"]) -> Float[np.ndarray, " test"]:
    """Holm's correction of p values for several tests."""
    order = np.argsort(p, kind="stable")
    scaled = p[order] * np.arange(len(p), 0, -1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1)
    return adjusted
