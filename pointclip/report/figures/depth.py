"""Depth maps: shapes by views, and shapes by projections."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pointclip.core.errors import UserError
from pointclip.report.figures.style import RIGHT, WRONG, message, spoken, styled


TILE, NAME = 1.0, 0.9  # inches: a depth map, and a column of class names
# Shown in this order of preference: +z is the front of the embedded shapes.
AZIMUTHS = ("azimuth 45°", "azimuth 0°", "azimuth 315°")


@styled
def depth_montage(
    depth: Float[np.ndarray, "shape view height width"],
    view_names: Sequence[str],
    labels: Sequence[str],
    predictions: Mapping[str, Sequence[str]] | None = None,
    title: str = "",
) -> Figure:
    """One row a shape, one column a view; at the left the true and the predicted classes.

    Args:
        labels: the true class of every shape.
        predictions: method -> the predicted ones; a tick or a cross repeats what their colour says.
    """
    predictions = predictions or {}
    shapes, views = depth.shape[:2]
    if len(view_names) != views:
        raise UserError(f"{views} views need {views} names, not {len(view_names)}.")
    if not shapes:
        return message("No shape to show.")
    figure, axes = _grid(shapes, views, title, names=1 + len(predictions))
    for row in range(shapes):
        for column in range(views):
            _show(axes[row][column], depth[row, column], float(depth[row].max()))
        predicted = [each[row] for each in predictions.values()]
        _name(axes[row][0], labels[row], predicted)
    if predictions:
        for place, name in enumerate(["true class", *predictions][::-1]):
            axes[0][0].text(_left(place), 1.06, name, fontsize=7, **_beside(axes[0][0], "bottom"))
    for column, name in enumerate(view_names):
        axes[0][column].set_title(_wrapped(name), fontsize=7)
    return figure


@styled
def compare_projections(
    depth: Mapping[str, Float[np.ndarray, "shape height width"]],
    labels: Sequence[str],
    title: str = "",
) -> Figure:
    """The same shapes under every projection: one row a shape, one column a projection.

    Args:
        depth: projection -> one view of every shape, at that projection's own resolution.
    """
    if not depth or not len(labels):
        return message("No shape to show.")
    figure, axes = _grid(len(labels), len(depth), title, tile=1.4)
    for column, (name, maps) in enumerate(depth.items()):
        for row, image in enumerate(maps):
            _show(axes[row][column], image, float(image.max()))
        height, width = maps.shape[1:]
        axes[0][column].set_title(f"{name}\n{height} x {width}", fontsize=8)
    for row, label in enumerate(labels):
        _name(axes[row][0], label, [])
    return figure


def spread_over_classes(
    shapes: pd.DataFrame, ids: Sequence[str] | np.ndarray, count: int
) -> pd.DataFrame:
    """At most `count` rows with one of these `ids`: the first of a class, spread over classes."""
    first = shapes[shapes["id"].isin(ids)].drop_duplicates("label").sort_values("label")
    return first.iloc[np.linspace(0, len(first) - 1, min(count, len(first))).astype(int)]


def azimuths(views: Sequence[Sequence[str]]) -> list[tuple[int, str]]:
    """The view of each projection to set beside the others, with its azimuth: one that all have.

    Where no azimuth is common to all, it is the nearest to it that a projection has.
    """
    each = [[name.split(",")[0] for name in names] for names in views]
    common = [azimuth for azimuth in AZIMUTHS if all(azimuth in names for names in each)]
    chosen = [next((a for a in [*common, *AZIMUTHS] if a in names), names[0]) for names in each]
    return [(names.index(azimuth), azimuth) for names, azimuth in zip(each, chosen, strict=True)]


def _grid(
    rows: int, columns: int, title: str, tile: float = TILE, names: int = 1
) -> tuple[Figure, list[list[Axes]]]:
    # Room for the columns of class names at the left and for the lines over all columns.
    above = 0.7 if title else 0.4
    figure = Figure(figsize=(columns * tile + NAME * names, rows * tile + above))
    axes = figure.subplots(rows, columns, squeeze=False)
    for axis in axes.flat:
        axis.set(xticks=[], yticks=[])
        axis.grid(False)
        for spine in axis.spines.values():
            spine.set(visible=True, color="#c0c0c0", linewidth=0.5)
    space: dict[str, Any] = {"w_pad": 0.015, "h_pad": 0.015, "wspace": 0.0, "hspace": 0.0}
    # The small pads between the tiles would press names onto the edge, and the title onto the
    # names of the columns.
    width, height = figure.get_size_inches()
    space["rect"] = (0.1 / width, 0, 1 - 0.15 / width, 1 - (0.27 if title else 0) / height)
    if title:
        figure.suptitle(title, fontsize=10, y=1 - 0.04 / height, va="top").set_in_layout(False)
    figure.get_layout_engine().set(**space)  # type: ignore[union-attr]
    return figure, axes.tolist()


def _show(axis: Axes, image: Float[np.ndarray, "height width"], top: float) -> None:
    """Plot a map with its own zero as black; the dots of a sparse map are enlarged."""
    shown = np.asarray(image, dtype=np.float32)
    if (shown == 0).mean() > 0.5:
        # Single pixels vanish when a page shrinks the image: keep the largest of each block.
        step = max(1, round(max(shown.shape) / 100))
        rows, columns = (size // step * step for size in shown.shape)
        blocks = shown[:rows, :columns].reshape(rows // step, step, columns // step, step)
        shown = blocks.max(axis=(1, 3))
    axis.imshow(shown, cmap="gray", vmin=0, vmax=top or 1, interpolation="nearest")


def _name(axis: Axes, label: str, predicted: Sequence[str]) -> None:
    """The true class and, right of it, the predicted ones, left of a row's first depth map."""
    axis.text(_left(len(predicted)), 0.5, _wrapped(label), fontsize=8, **_beside(axis, "center"))
    for place, name in enumerate(reversed(predicted)):
        right = name == label
        mark = "\N{CHECK MARK}" if right else "\N{MULTIPLICATION X}"
        said = {"color": RIGHT if right else WRONG, "fontsize": 8, **_beside(axis, "center")}
        axis.text(_left(place), 0.5, f"{mark} {_wrapped(name)}", **said)


def _left(place: int) -> float:
    """The middle of a column of names, in widths of a depth map; place 0 is the nearest to it."""
    return -NAME / TILE * (place + 0.5)


def _beside(axis: Axes, vertical: str) -> dict[str, Any]:
    return {"transform": axis.transAxes, "ha": "center", "va": vertical}


def _wrapped(name: str) -> str:
    """Two lines for a long name, broken at the space nearest to its middle."""
    words = spoken(name)
    spaces = [i for i, character in enumerate(words) if character == " "]
    if len(words) <= 12 or not spaces:
        return words
    middle = min(spaces, key=lambda i: abs(i - len(words) / 2))
    return words[:middle] + "\n" + words[middle + 1 :]
