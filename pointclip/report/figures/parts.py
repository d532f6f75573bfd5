"""Shapes coloured by part, true and predicted; and the IoU of every part."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Integer
from matplotlib import colormaps
from matplotlib.figure import Figure

from pointclip.report.figures.style import COLOURS, GREY, styled
from pointclip.segmentation.part_set import PartSet


AZIMUTH, ELEVATION = np.radians([30, 20])
COLUMNS = 8


@styled
def plot_parts(
    shapes: PartSet,
    truth: Integer[np.ndarray, "shape point"],
    predicted: Integer[np.ndarray, "shape point"],
) -> Figure:
    """The first test shape of every class: its true parts, and under it the predicted ones."""
    names = list(shapes.parts)
    first = [int(np.flatnonzero(shapes.label == k)[0]) for k in sorted(set(shapes.label.tolist()))]
    rows = -(-len(first) // COLUMNS)
    figure = Figure(figsize=(1.5 * COLUMNS, 3.55 * rows))
    axes = figure.subplots(2 * rows, COLUMNS, squeeze=False)
    for axis in axes.ravel():
        axis.set_axis_off()
    palette = colormaps["tab10"](np.arange(10))
    for place, index in enumerate(first):
        row, column = 2 * (place // COLUMNS), place % COLUMNS
        name = names[shapes.label[index]]
        points = _turned(shapes.points[index])
        for offset, parts in enumerate((truth[index], predicted[index])):
            axis = axes[row + offset, column]
            axis.set_axis_on()
            axis.grid(False)
            axis.set_xticks([])
            axis.set_yticks([])
            for spine in axis.spines.values():
                spine.set_visible(False)
            order = np.argsort(points[:, 2])
            axis.scatter(
                points[order, 0],
                points[order, 1],
                c=palette[parts[order].astype(np.int64) % 10],
                s=1.5,
                linewidths=0,
            )
            axis.set_aspect("equal")
        right = 100 * (truth[index] == predicted[index]).mean()
        axes[row, column].set_title(name)
        axes[row + 1, column].set_xlabel(f"{right:.0f} % right", fontsize=7)
        if column == 0:
            axes[row, column].set_ylabel("true")
            axes[row + 1, column].set_ylabel("predicted")
    return figure


@styled
def plot_part_ious(ious: pd.DataFrame, run: Mapping[str, Any]) -> Figure:
    """A bar for every part of every class: the experiment; as a line the best single part."""
    keep = np.logical_and.reduce(
        [ious[k] == v for k, v in run.items() if k in ious and k != "seed"]
    )
    own = ious[keep].groupby(["class", "part"], sort=False)["mean"].mean()
    single = ious[
        (ious["segmenter"] == "best_single_part") & (ious["part_dataset"] == run["part_dataset"])
    ].set_index(["class", "part"])["mean"]
    own = own.sort_index()
    figure = Figure(figsize=(6, 0.17 * len(own) + 1.2))
    axis = figure.subplots()
    positions = np.arange(len(own))[::-1] - 0.6 * _groups(own.index.get_level_values("class"))
    axis.barh(positions, own.to_numpy(), height=0.75, color=COLOURS[0])
    axis.plot(
        single.reindex(own.index).to_numpy(),
        positions,
        "|",
        color=GREY,
        markersize=7,
        label="one part for all points",
    )
    axis.set_yticks(positions, [f"{name} · {part}" for name, part in own.index], fontsize=7)
    axis.grid(axis="y", visible=False)
    axis.set_xlim(0, 100)
    axis.set_ylim(positions.min() - 0.7, positions.max() + 0.7)
    axis.set_xlabel("IoU, % (mean over the test shapes that have the part)")
    axis.set_title(
        f"{run['segmenter']}, {run['shots']} shots" if run["shots"] else run["segmenter"]
    )
    figure.legend(loc="outside lower center")
    return figure


def _groups(names: pd.Index) -> Integer[np.ndarray, " row"]:
    """0 for the rows of the first class, 1 for those of the next, …"""
    return pd.factorize(names)[0]


def _turned(points: Float[np.ndarray, "point 3"]) -> Float[np.ndarray, "point 3"]:
    """As seen from the front right and a little above."""
    ca, sa, ce, se = np.cos(AZIMUTH), np.sin(AZIMUTH), np.cos(ELEVATION), np.sin(ELEVATION)
    turn = np.array([[ca, 0, -sa], [0, 1, 0], [sa, 0, ca]])
    tilt = np.array([[1, 0, 0], [0, ce, -se], [0, se, ce]])
    return (points @ (tilt @ turn).T).astype(np.float32)
