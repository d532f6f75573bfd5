"""Error under corruption: a heat map of every corruption and severity, and curves of families."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from pointclip.catalog.columns import IDENTITY
from pointclip.report.figures.style import COLOURS, MARKERS, legend_below, message, spoken, styled


@styled
def corruption_heatmap(errors: pd.DataFrame, title: str = "") -> Figure:
    """Error (%) by corruption and severity, a panel an experiment; the clean error above each.

    Args:
        errors: rows of `evaluation.corruption_errors` of one data set.
    """
    if errors.empty:
        return message("No score of a corrupted data set to plot.")
    names = list(errors["corruption"].drop_duplicates())
    severities = sorted(errors["severity"].unique())
    panels = _experiments(errors)
    low, high = errors["error"].min(), max(errors["error"].max(), errors["error"].min() + 1)
    width = max(6.0, 1.6 + len(panels) * (0.5 * len(severities) + 0.9))
    figure = Figure(figsize=(width, 1.5 + 0.27 * len(names)))
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axis, (name, of) in zip(axes, panels.items(), strict=True):
        table = of.pivot(index="corruption", columns="severity", values="error")
        cells = table.reindex(index=names, columns=severities).to_numpy()
        shades = axis.imshow(cells, cmap="cividis", vmin=low, vmax=high, aspect="auto")
        for row, column in np.argwhere(np.isfinite(cells)):
            value = cells[row, column]
            colour = "white" if value < (low + high) / 2 else "black"
            axis.text(column, row, f"{value:.0f}", ha="center", va="center", color=colour, size=7)
        axis.set_title(f"{name}\nclean {of['clean_error'].iloc[0]:.1f} %", fontsize=8)
        axis.set_xticks(range(len(severities)), [str(severity) for severity in severities])
        axis.set_yticks(range(len(names)), [spoken(name) for name in names])
        axis.set_xlabel("severity")
        axis.grid(False)
    figure.colorbar(shades, ax=axes, label="error (%)", shrink=0.8)
    figure.suptitle(title, fontsize=10)
    return figure


@styled
def corruption_curve(errors: pd.DataFrame, title: str = "") -> Figure:
    """Mean error (%) by severity: all corruptions and each family, a panel an experiment.

    Severity 0 is the clean data set.
    """
    errors = errors[errors["family"] != "turn"]
    if errors.empty:
        return message("No score of a corrupted data set with a severity to plot.")
    panels = _experiments(errors)
    figure = Figure(figsize=(max(5.2, 2.6 * len(panels)), 3.6))
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    families = ["all", *errors["family"].drop_duplicates()]
    for axis, (name, of) in zip(axes, panels.items(), strict=True):
        for i, family in enumerate(families):
            some = of if family == "all" else of[of["family"] == family]
            mean = some.groupby("severity")["error"].mean()
            x = [0, *mean.index]
            y = [of["clean_error"].iloc[0], *mean]
            look = {"color": "black", "linewidth": 2.4} if family == "all" else {}
            look = look or {"color": COLOURS[i - 1], "linestyle": "--"}
            axis.plot(x, y, marker=MARKERS[i], ms=4, label=family, **look)
        axis.set_title(name, fontsize=8)
        axis.set_xticks(sorted({0, *errors["severity"]}))
        axis.set_xlabel("severity (0: clean)")
    axes[0].set_ylabel("error (%)")
    legend_below(figure, axes, families)
    figure.suptitle(title, fontsize=10)
    return figure


def _experiments(errors: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Panels by name: of an experiment what differs between experiments."""
    varying = [name for name in IDENTITY if errors[name].nunique() > 1] or ["projection"]
    return {", ".join(map(str, key)): of for key, of in errors.groupby(varying, sort=False)}
