"""Curves of registration: recall against the threshold, error against overlap, ablations."""

from collections.abc import Mapping, Sequence
from itertools import cycle

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from pointclip.catalog.registration import IDENTITY, RANDOM
from pointclip.registration.summary import successes
from pointclip.report.figures.style import (
    COLOURS,
    GREY,
    MARKERS,
    RIGHT,
    WRONG,
    legend_below,
    message,
    styled,
)


STEPS = 100
# A colour a feature family, a style a solver.
STYLES = ("-", "--", "-.", ":", (0, (1, 3)), (0, (6, 3)))


@styled
def recall_curve(rows: pd.DataFrame, success: Sequence[float]) -> Figure:
    """Recall of every registration when both limits shrink together, in one ratio.

    Rotation and translation limits go from 0 to those of `success` (degrees, metres).
    """
    if rows.empty:
        return message("No score to plot.")
    degrees, metres = success
    figure = Figure(figsize=(5.6, 3.8))
    axis = figure.subplots()
    share, names = np.linspace(0, 1, STEPS + 1), list[str]()
    ways = rows[~rows["features"].isin([RANDOM, IDENTITY])]
    colour_of = dict(zip(ways["features"].unique(), cycle(COLOURS), strict=False))
    style_of = dict(zip(ways["solver"].unique(), cycle(STYLES), strict=False))
    for (features, solver), group in rows.groupby(["features", "solver"], sort=False):
        recall = [100 * successes(group, (s * degrees, s * metres)).mean() for s in share]
        name = features if features in (RANDOM, IDENTITY) else f"{features}, {solver}"
        style = {RANDOM: ":", IDENTITY: "--"}.get(features) or style_of[solver]
        colour = colour_of.get(features, GREY)
        axis.plot(share * degrees, recall, linestyle=style, color=colour, label=name)
        names.append(name)
    axis.set_xlabel("rotation limit (degrees)")
    axis.set_ylabel("registration recall (%)")
    axis.set_ylim(-2, 102)
    axis.set_xlim(0, degrees)
    above = axis.secondary_xaxis(
        "top",
        functions=(
            lambda x: np.multiply(x, metres / degrees),
            lambda x: np.multiply(x, degrees / metres),
        ),
    )
    above.set_xlabel("translation limit (m)")
    legend_below(figure, [axis], names)
    return figure


@styled
def error_by_overlap(
    rows: pd.DataFrame, run: Mapping[str, str], success: Sequence[float]
) -> Figure:
    """Both errors of every pair against its overlap; dashed lines are the limits of success."""
    own = rows[(rows["features"] == run["features"]) & (rows["solver"] == run["solver"])]
    own = own[own["overlap"].notna()]
    if own.empty:
        return message("No pair has a known overlap.")
    figure = Figure(figsize=(7.2, 3.2))
    panels = figure.subplots(1, 2)
    good = successes(own, success)
    columns = ("rotation_error_deg", "translation_error_m")
    labels = ("rotation error (degrees)", "translation error (m)")
    lowest = (0.1, 0.005)
    for axis, column, label, limit, low in zip(
        panels, columns, labels, success, lowest, strict=True
    ):
        for kept, colour, marker, name in (
            (good, RIGHT, "o", "success"),
            (~good, WRONG, "X", "failure"),
        ):
            part = own[kept & own[column].notna().to_numpy()]
            axis.plot(
                part["overlap"], part[column].clip(lower=low), marker, color=colour, ms=4.5,
                alpha=0.8, label=name, linestyle="none",
            )  # fmt: skip
        axis.axhline(limit, color=GREY, linestyle="--", lw=1)
        axis.set_yscale("log")
        axis.set_xlabel("overlap of photo and cloud")
        axis.set_ylabel(label)
    legend_below(figure, panels, ["success", "failure"])
    figure.suptitle(f"{run['features']}, {run['solver']}", fontsize=10)
    return figure


@styled
def ablation_plot(scenes: pd.DataFrame, by: str, title: str = "") -> Figure:
    """Recall of every value of `by` with its 95 % interval, a series for whatever else varies.

    Args:
        scenes: of `summary.per_scene`; of several scenes only the row of all of them is shown.
    """
    several = scenes["scene"] == "all"
    keys = ["pairs", "features", "solver"]
    alone = ~scenes.set_index(keys).index.isin(scenes[several].set_index(keys).index)
    table = scenes[several | alone]
    others = [key for key in keys if key != by and table[key].nunique() > 1]
    values = list(dict.fromkeys(table[by]))
    series = list(dict.fromkeys(map(tuple, table[others].to_numpy()))) if others else [()]
    figure = Figure(figsize=(5.6, 1.3 + 0.3 * len(values) * max(1, 0.6 * len(series))))
    axis = figure.subplots()
    for i, own in enumerate(series):
        part = table
        for key, value in zip(others, own, strict=True):
            part = part[part[key] == value]
        recall = part["registration_recall"].to_numpy()
        error = np.stack([recall - part["low"].to_numpy(), part["high"].to_numpy() - recall])
        shift = (i - (len(series) - 1) / 2) * min(0.16, 0.7 / len(series))
        axis.errorbar(
            recall, [values.index(v) + shift for v in part[by]], xerr=np.maximum(error, 0),
            linestyle="none", marker=MARKERS[i % 7], color=COLOURS[i % 7], ms=4.5, capsize=2.5,
            elinewidth=1.1, label=", ".join(own),
        )  # fmt: skip
    axis.set_yticks(range(len(values)), values)
    axis.set_ylim(len(values) - 0.5, -0.5)
    axis.set_xlim(-3, 103)
    axis.set_xlabel("registration recall (%)")
    if len(series) > 1:
        legend_below(figure, [axis], [", ".join(own) for own in series])
    figure.suptitle(title, fontsize=10)
    return figure
