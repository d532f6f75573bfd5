"""The plot of an ablation: accuracy against one choice, with 95 % intervals."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from pointclip.core.errors import choose
from pointclip.evaluation.summary import summarise
from pointclip.report.figures.style import COLOURS, MARKERS, legend_below, message, spoken, styled


MAX_TICKS = 16  # numbers along an axis


@styled
def ablation_plot(
    scores: pd.DataFrame, by: str, title: str = "", order: Sequence | None = None
) -> Figure:
    """Accuracy for every value of `by`, a series for whatever else varies, a panel a protocol.

    Numbers stand along the x axis as numbers; ids stand one below the other, so that long names
    can be read.

    Args:
        order: the ids in reading order (the order of their first rows, if not given).
    """
    if scores.empty:
        return message("No score to plot.")
    choose(by, scores.columns, "column of an ablation")
    summary = summarise(scores)
    others = [
        column
        for column in summary.columns[: summary.columns.get_loc("mean")]
        if column not in (by, "protocol") and summary[column].nunique() > 1
    ]
    summary["series"] = [_series(row) for row in summary[others].to_dict("records")]
    series = list(summary["series"].drop_duplicates())
    protocols = list(summary["protocol"].drop_duplicates())
    numeric = pd.api.types.is_numeric_dtype(summary[by])
    values = (
        sorted(summary[by].unique())
        if numeric
        else list(dict.fromkeys([*(order or []), *scores[by]]))
    )
    height = 3.4 if numeric else 1.3 + 0.26 * len(values) * max(1, 0.6 * len(series))
    figure = Figure(figsize=(max(5.2, 3.6 * len(protocols)), height + 0.18 * len(series)))
    panels = figure.subplots(1, len(protocols), squeeze=False, sharex=not numeric, sharey=True)[0]
    for axis, protocol in zip(panels, protocols, strict=True):
        for i, name in enumerate(series):
            part = summary[(summary["protocol"] == protocol) & (summary["series"] == name)]
            if part.empty:
                continue
            mean = part["mean"].to_numpy()
            error = np.stack([mean - part["low"].to_numpy(), part["high"].to_numpy() - mean])
            look: dict[str, Any] = {
                "color": COLOURS[i % len(COLOURS)],
                "marker": MARKERS[i % len(MARKERS)],
            }
            look |= {"ms": 4.5, "capsize": 2.5, "elinewidth": 1.1, "label": name}
            error = np.nan_to_num(np.maximum(error, 0))
            if numeric:
                axis.errorbar(part[by], mean, yerr=error, **look)
            else:
                # Series are set apart a little, so that their intervals can be told apart.
                shift = (i - (len(series) - 1) / 2) * min(0.16, 0.7 / len(series))
                place = [values.index(value) + shift for value in part[by]]
                axis.errorbar(mean, place, xerr=error, linestyle="none", **look)
        if len(protocols) > 1 or protocol != "plain":
            axis.set_title(f"protocol: {protocol}")
        if numeric:
            axis.set_xlabel(spoken(by))
            if len(values) <= MAX_TICKS:
                axis.set_xticks(values, [f"{value:g}" for value in values])
        else:
            axis.set_xlabel("accuracy (%)")
            axis.set_yticks(range(len(values)), [str(value) for value in values])
            axis.set_ylim(len(values) - 0.5, -0.5)
    panels[0].set_ylabel("accuracy (%)" if numeric else spoken(by))
    if len(series) > 1:
        legend_below(figure, panels, series)
    figure.suptitle(title, fontsize=10)
    return figure


def _series(row: dict) -> str:
    """What tells a series apart, in words: `inter_view, 4 shots`."""
    parts = dict(row)
    shots = parts.pop("shots", 0)
    return ", ".join([*map(str, parts.values()), *([f"{shots} shots"] if shots else [])])
