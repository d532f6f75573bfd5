"""An ablation: a table of the values of one choice, and sentences on what they show.

Which ablations there are stands in a config under `ablations`, as in `config/paper.yaml`.
"""

from collections.abc import Mapping, Sequence

import pandas as pd

from pointclip.catalog.columns import INTERVAL
from pointclip.core.errors import choose
from pointclip.evaluation.summary import summarise


def select(
    scores: pd.DataFrame, vary: Mapping[str, Sequence]
) -> tuple[pd.DataFrame, str, Sequence]:
    """The scores of an ablation, the column that is its axis, and that column's values in order.

    Where `seed` varies, every seed stands for itself: its interval is over test shapes, since
    there are no further seeds in it.
    """
    axis, order = next(iter(vary.items()))
    if "seed" in vary:
        scores = scores[scores["seed"].isin(vary["seed"])]
        scores = scores.assign(sample=[f"seed {seed:.0f}" for seed in scores["seed"]], seed=None)
    if axis == "seed":
        return scores, "sample", [f"seed {seed}" for seed in order]
    # The score row of an adapter carries its id as the method.
    return scores, {"adapter": "method"}.get(axis, axis), order


def compare(scores: pd.DataFrame, by: str, order: Sequence | None = None) -> pd.DataFrame:
    """One row per value of `by` and whatever else varies, with the change against the first value.

    Args:
        order: the values in reading order (the order of their first rows, if not given).

    Raises:
        UserError: if `by` is no column of the scores.
    """
    choose(by, scores.columns, "column of an ablation")
    values = list(dict.fromkeys(scores[by] if order is None else order))
    summary = summarise(scores).drop(columns=["published", "delta_vs_published", "source"])
    others = [name for name in summary.columns[: summary.columns.get_loc("mean")] if name != by]
    # A value that `order` forgot goes last instead of vanishing.
    place = {value: i for i, value in enumerate(values)}
    rank = summary[by].map(place).fillna(len(place))
    summary = summary.assign(_rank=rank).sort_values([*others, "_rank"], kind="stable")
    first = summary.groupby(others, sort=False, dropna=False)["mean"].transform("first")
    summary["delta_vs_first"] = summary["mean"] - first
    return summary.drop(columns="_rank").reset_index(drop=True)


def describe(comparison: pd.DataFrame, by: str) -> str:
    """What the table shows, a sentence for each setting in which `by` was varied."""
    if comparison.empty:
        return f"There is no score yet that shows what {by} changes.\n"
    others = [name for name in comparison.columns[: comparison.columns.get_loc("mean")]]
    others = [name for name in others if name != by]
    varying = [name for name in others if name == "protocol" or comparison[name].nunique() > 1]
    lines = []
    for _, group in comparison.groupby(others, sort=False, dropna=False):
        where = ", ".join(f"{name} {group[name].iloc[0]}" for name in varying)
        lines.append(f"- {where}: {_sentence(group, by)}")
    return "\n".join(lines) + "\n"


def _sentence(group: pd.DataFrame, by: str) -> str:
    best, worst = group.loc[group["mean"].idxmax()], group.loc[group["mean"].idxmin()]
    if len(group) == 1:
        return f"only {best[by]} was tried; it reaches {best['mean']:.1f} %."
    spread = best["mean"] - worst["mean"]
    if not spread:
        return f"all {len(group)} values of {by} reach {best['mean']:.1f} %."
    text = (
        f"of {len(group)} values of {by}, {best[by]} is best with {best['mean']:.1f} % and "
        f"{worst[by]} worst with {worst['mean']:.1f} %, {spread:.1f} points apart"
    )
    if pd.isna(best["low"]):
        return f"{text}; a single seed says nothing about chance."
    near = list(group[(group["high"] >= best["low"]) & (group[by] != best[by])][by])
    if not near:
        return f"{text}; its {INTERVAL} overlaps with no other."
    which = "every other one" if len(near) == len(group) - 1 else ", ".join(map(str, near))
    return f"{text}; its {INTERVAL} overlaps with that of {which}."
