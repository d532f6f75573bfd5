"""Few-shot methods beside each other: accuracy against training time, and their ranking."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from pointclip.report.figures.style import COLOURS, GREY, MARKERS, message, styled


SIGNIFICANT = 0.05


@styled
def accuracy_by_seconds(times: pd.DataFrame, title: str = "") -> Figure:
    """Mean accuracy against CPU seconds of training a seed, a panel a number of shots.

    Args:
        times: `method, shots, seconds, mean, std`: of one data set and projection.
    """
    if times.empty:
        return message("No few-shot score to plot.")
    shots = sorted(times["shots"].unique())
    shots = shots if len(shots) < 3 else [shots[0], shots[-1]]
    figure = Figure(figsize=(max(5.2, 4.4 * len(shots)), 4.2))
    panels = figure.subplots(1, len(shots), squeeze=False)[0]
    names = list(times["method"].drop_duplicates())
    for axis, count in zip(panels, shots, strict=True):
        of = times[times["shots"] == count].sort_values("mean")
        for row in of.itertuples():
            i = names.index(str(row.method))
            look = {"color": COLOURS[i % len(COLOURS)], "marker": MARKERS[i // len(COLOURS)]}
            axis.errorbar(row.seconds, row.mean, yerr=np.nan_to_num(row.std), capsize=2, **look)
        axis.set_xscale("log")
        axis.margins(x=0.25)  # room for the names beside the points
        _label(axis, of)
        axis.set(title=_shots(int(count)), xlabel="CPU seconds of training a seed")
    panels[0].set_ylabel("accuracy on test shapes (%), ± std over seeds")
    figure.suptitle(title, fontsize=10)
    return figure


def _shots(count: int) -> str:
    return f"{count} shot" if count == 1 else f"{count} shots"


def _label(axis: Any, of: pd.DataFrame) -> None:
    """Names beside the points, set apart where points are near each other."""
    low, high = of["mean"].min(), of["mean"].max()
    step = max(high - low, 1) / 22
    below = -np.inf
    for row in of.itertuples():
        below = max(row.mean, below + step)
        axis.annotate(
            str(row.method),
            (row.seconds, row.mean),
            xytext=(1.25 * row.seconds, below),
            fontsize=7,
            va="center",
            arrowprops={"arrowstyle": "-", "color": GREY, "linewidth": 0.4, "shrinkB": 2},
        )
    axis.set_ylim(top=max(axis.get_ylim()[1], below + step))


@styled
def ranking(ranked: pd.DataFrame, title: str = "") -> Figure:
    """How far every method is behind the best, a column a number of shots.

    Filled: the best, and methods whose paired difference to it is not significant (Holm, 5 %).

    Args:
        ranked: rows of `evaluation.ranking` of one data set, projection and protocol.
    """
    if ranked.empty:
        return message("No comparison of several methods over several seeds to plot.")
    order = ranked.groupby("method")["rank"].mean().sort_values(kind="stable")
    shots = sorted(ranked["shots"].unique())
    figure = Figure(figsize=(max(5.2, 1.8 + 1.7 * len(shots)), 1.4 + 0.26 * len(order)))
    panels = figure.subplots(1, len(shots), sharey=True, squeeze=False)[0]
    for axis, count in zip(panels, shots, strict=True):
        of = ranked[ranked["shots"] == count].set_index("method")
        for place, name in enumerate(order.index):
            if name not in of.index:
                continue
            row = of.loc[name]
            tied = pd.isna(row["p"]) or row["p"] >= SIGNIFICANT
            ends = [[row["difference"] - row["low"]], [row["high"] - row["difference"]]]
            look = {"color": COLOURS[0], "mfc": COLOURS[0] if tied else "white"}
            error = np.nan_to_num(np.maximum(ends, 0))
            axis.errorbar(row["difference"], place, xerr=error, marker="o", ms=5, **look)
        axis.axvline(0, color=GREY, linewidth=0.8)
        axis.set(title=_shots(int(count)), xlabel="points from the best")
    names = [f"{name} ({rank:.1f})" for name, rank in order.items()]
    panels[0].set_yticks(range(len(order)), names)
    panels[0].set_ylim(len(order) - 0.5, -0.5)
    panels[0].set_ylabel("method (mean rank)")
    figure.suptitle(title, fontsize=10)
    return figure
