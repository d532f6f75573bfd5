"""Confusion matrix and accuracy per class."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.figure import Figure

from pointclip.report.figures.style import COLOURS, GREY, message, spoken, styled


def confusion(predictions: pd.DataFrame, classes: Sequence[str]) -> Float[np.ndarray, "k k"]:
    """Share (in percent) of each true class (row) that is predicted as each class (column).

    The rows of all seeds count alike; a class without a test shape has a row of nan.
    """
    counts = np.zeros((len(classes), len(classes)))
    np.add.at(counts, (predictions["label"].to_numpy(), predictions["predicted"].to_numpy()), 1)
    total = counts.sum(axis=1, keepdims=True)
    return np.divide(100 * counts, total, out=np.full_like(counts, np.nan), where=total > 0)


@styled
def confusion_matrix(predictions: pd.DataFrame, classes: Sequence[str], title: str = "") -> Figure:
    """True class by predicted class, in percent of the true class.

    Args:
        predictions: rows with `label` and `predicted` (indices into `classes`), of one experiment.
        classes: names in label order.
    """
    if predictions.empty:
        return message("No prediction to plot.")
    share = confusion(predictions, classes)
    k = len(classes)
    size = 2.2 + 0.24 * k
    figure = Figure(figsize=(size + 0.5, size), layout="compressed")
    axis = figure.subplots()
    image = axis.imshow(share, cmap="Blues", vmin=0, vmax=100)
    font = 7.5 if k <= 25 else 6.5
    names = [spoken(name) for name in classes]
    axis.set_xticks(range(k), names, rotation=90, fontsize=font)
    axis.set_yticks(range(k), names, fontsize=font)
    axis.set(xlabel="predicted class", ylabel="true class")
    figure.suptitle(title, fontsize=10)
    axis.grid(False)
    axis.set_xticks(np.arange(k + 1) - 0.5, minor=True)
    axis.set_yticks(np.arange(k + 1) - 0.5, minor=True)
    axis.grid(True, which="minor", color="#e8e8e8", linewidth=0.4)
    axis.tick_params(which="minor", length=0)
    # Numbers below 5 % would be noise on the eye.
    for row, column in zip(*np.nonzero(np.nan_to_num(share) >= 5), strict=True):
        value = share[row, column]
        colour = "white" if value > 55 else "black"
        axis.text(
            column, row, f"{value:.0f}", ha="center", va="center", color=colour, fontsize=font - 1.5
        )
    figure.colorbar(
        image, ax=axis, shrink=0.5, aspect=30, pad=0.01, label="share of the true class (%)"
    )
    return figure


@styled
def per_class_accuracy(
    predictions: pd.DataFrame, classes: Sequence[str], title: str = ""
) -> Figure:
    """Accuracy of every class, best on top; a dot a seed, and the number of test shapes."""
    if predictions.empty:
        return message("No prediction to plot.")
    rows = predictions.assign(right=100.0 * (predictions["label"] == predictions["predicted"]))
    mean = rows.groupby("label")["right"].mean().sort_values(kind="stable")
    several = "seed" in rows and rows["seed"].nunique() > 1
    shapes = rows.groupby("label")["id"].nunique()
    figure = Figure(figsize=(6, 1.1 + 0.19 * len(mean)))
    axis = figure.subplots()
    y = np.arange(len(mean))
    axis.barh(y, mean, color=COLOURS[5], height=0.72)
    if several:
        seeds = rows.groupby(["label", "seed"])["right"].mean()
        for place, label in enumerate(mean.index):
            values = seeds[label]
            axis.plot(
                values, np.full(len(values), place), "o", ms=2.5, color="black", clip_on=False
            )
    names = [f"{spoken(classes[label])}  ({shapes[label]})" for label in mean.index]
    axis.set_yticks(y, names, fontsize=7.5)
    axis.set(xlim=(0, 100), ylim=(-0.6, len(mean) - 0.4), title=title)
    axis.grid(False, axis="y")
    overall = rows["right"].mean()
    axis.axvline(overall, color=GREY, linestyle="--", linewidth=1.2, label=f"all: {overall:.1f} %")
    dots = "; a dot is one seed" if several else ""
    axis.set_xlabel(f"accuracy (%); in brackets: test shapes{dots}")
    axis.legend(loc="lower right")
    return figure
