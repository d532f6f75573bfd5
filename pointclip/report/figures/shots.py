"""Accuracy against the number of shots, for every method, protocols apart."""

from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, NullLocator

from pointclip.evaluation.summary import summarise
from pointclip.report.figures.style import COLOURS, GREY, MARKERS, legend_below, message, styled


GREYS = [GREY, "#000000"]
DASHES: list[Any] = ["--", ":", "-.", (0, (5, 1, 1, 1, 1, 1))]


@styled
def shots_curve(scores: pd.DataFrame, title: str = "") -> Figure:
    """One panel a protocol: mean over seeds with its standard deviation; zero-shot as a line.

    Args:
        scores: score rows of one data set. Where projection, prompts or backbone vary, they
            become part of the curves' names.
    """
    if scores.empty:
        return message("No score to plot.")
    summary = summarise(scores)
    summary["curve"] = _names(summary)
    protocols = list(summary["protocol"].drop_duplicates())
    few, zero = summary[summary["shots"] > 0], summary[summary["shots"] == 0]
    # Other ways to combine the views stand in the tables; here they would be lines upon lines.
    zero = zero[(zero["method"] == "zero_shot") | (zero["method"] != "zero_shot").all()]
    curves = list(few["curve"].drop_duplicates())
    lines = list(zero["curve"].drop_duplicates())
    figure = Figure(figsize=(max(5.2, 3.6 * len(protocols)), 3.6 + 0.09 * len([*curves, *lines])))
    panels = figure.subplots(1, len(protocols), sharey=True, squeeze=False)[0]
    for axis, protocol in zip(panels, protocols, strict=True):
        for i, curve in enumerate(curves):
            part = few[(few["protocol"] == protocol) & (few["curve"] == curve)]
            if part.empty:
                continue
            colour = COLOURS[i % len(COLOURS)]
            marker = MARKERS[(i + i // len(COLOURS)) % len(MARKERS)]
            axis.plot(part["shots"], part["mean"], color=colour, marker=marker, ms=4.5, label=curve)
            low, high = part["mean"] - part["std"], part["mean"] + part["std"]
            axis.fill_between(part["shots"], low, high, color=colour, alpha=0.15, linewidth=0)
        for i, line in enumerate(lines):
            part = zero[(zero["protocol"] == protocol) & (zero["curve"] == line)]
            for value in part["mean"]:
                shade = GREYS[i // len(DASHES) % len(GREYS)]
                axis.axhline(value, color=shade, linestyle=DASHES[i % len(DASHES)], label=line)
        ticks = sorted(few["shots"].unique())
        if ticks:
            axis.set_xscale("log", base=2)
            axis.set_xticks(ticks, [str(tick) for tick in ticks])
            axis.xaxis.set_minor_locator(NullLocator())
            axis.xaxis.set_minor_formatter(NullFormatter())
        axis.set(title=f"protocol: {protocol}", xlabel="shots per class")
    panels[0].set_ylabel("accuracy on test shapes (%)")
    legend_below(figure, panels, [*curves, *lines])
    figure.suptitle(title, fontsize=10)
    return figure


def _names(summary: pd.DataFrame) -> pd.Series:
    """A curve's name: its method, and whichever other columns tell curves apart."""
    # Few-shot and zero-shot rows use different prompts as a rule; that alone needs no mention.
    varying = []
    for column in ("projection", "backbone", "prompts"):
        for _, group in summary.groupby(summary["shots"] > 0):
            if column not in varying and group[column].nunique() > 1:
                varying.append(column)
    parts = summary[["method", *varying]].astype(str)
    return parts.agg(", ".join, axis=1)
