"""Calibration: reliability diagrams, and risk against coverage."""

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.figure import Figure

from pointclip.report.figures.style import COLOURS, GREY, legend_below, message, styled


LABELS = {False: "as trained", True: "with temperature"}


@styled
def reliability_diagram(
    panels: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]], title: str = ""
) -> Figure:
    """Accuracy against confidence above, error against coverage below, a column an experiment.

    Args:
        panels: name -> its bins and its curves, as `evaluation.calibrate` gives them.
    """
    if not panels:
        return message("No temperature is known here: no train shape was held out.")
    figure = Figure(figsize=(max(5.2, 3.0 * len(panels)), 6.0))
    axes = figure.subplots(2, len(panels), squeeze=False, sharey="row")
    for (reliable, risk), (name, (bins, curves)) in zip(axes.T, panels.items(), strict=True):
        reliable.plot([0, 1], [0, 1], color=GREY, linestyle=":", label="confidence = accuracy")
        for tempered, colour in zip(LABELS, COLOURS, strict=False):
            of = bins[bins["tempered"] == tempered].sort_values("bin")
            share = of["weight"] / of["weight"].sum()
            gap = (share * (of["accuracy"] - of["confidence"]).abs()).sum()
            reliable.plot(of["confidence"], of["accuracy"], color=colour, label=LABELS[tempered])
            # The area of a marker is the share of the shapes in its bin.
            reliable.scatter(of["confidence"], of["accuracy"], s=8 + 250 * share, color=colour)
            place = {"x": 0.97, "y": 0.14 - 0.09 * tempered, "transform": reliable.transAxes}
            reliable.text(s=f"ECE {100 * gap:.1f} %", ha="right", color=colour, size=8, **place)
        reliable.set(title=name, xlabel="confidence", xlim=(0, 1), ylim=(0, 1))
        reliable.title.set_fontsize(8)
        for i, (score, of) in enumerate(curves.groupby("by", sort=False), 2):
            risk.plot(100 * of["coverage"], 100 * of["risk"], color=COLOURS[i], label=_by(score))
        risk.set(xlabel="coverage: shapes kept (%)", xlim=(0, 100))
        risk.set_ylim(bottom=0)
    axes[0, 0].set_ylabel("accuracy")
    axes[1, 0].set_ylabel("error among them (%)")
    names: Sequence[str] = ["confidence = accuracy", *LABELS.values(), *map(_by, _SCORES)]
    legend_below(figure, axes.flat, names)
    figure.suptitle(title, fontsize=10)
    return figure


_SCORES = ("confidence", "agreement")


def _by(score: str) -> str:
    return {"confidence": "sorted by confidence", "agreement": "sorted by agreement of views"}[
        score
    ]
