"""The viewer's content as one picture: a row a cloud, with depth maps and predictions."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from pointclip.app.viewer import BEST, OTHER, ViewerItem, grey
from pointclip.report.figures.style import styled


# The page's own colours: low to high; ink.
RAMP = ["#3a62a5", "#5a80a8", "#869898", "#bcad7a", "#e2b842"]
INK, SOFT = "#1b2027", "#58626e"
HEIGHT, BEST_OF = 2.9, 6


@styled
def contact_sheet(items: Sequence[ViewerItem], classes: Sequence[str]) -> Figure:
    """Plot a row for each cloud: the cloud, its depth maps, its most probable classes."""
    widths = [1.0, 2.1, 1.25] if classes else [1.0, 2.1]
    figure = Figure(figsize=(HEIGHT * sum(widths), HEIGHT * len(items)), layout="constrained")
    rows = figure.subfigures(len(items), 1, squeeze=False)[:, 0]
    for row, item in zip(rows, items, strict=True):
        row.suptitle(item.name, x=0.01, ha="left", fontsize=11, fontweight="bold", color=INK)
        parts = row.subfigures(1, len(widths), width_ratios=widths)
        _cloud(parts[0].subplots(), item.points)
        _views(parts[1], item)
        if item.probabilities is not None and classes:
            _bars(parts[2].subplots(), item.probabilities, classes)
    return figure


def _cloud(axes: Any, points: Float[np.ndarray, "point 3"]) -> None:
    a, b = -0.65, 0.4  # as the page opens: a little from the right and from above
    right = np.array([np.cos(a), 0, np.sin(a)])
    toward = np.array([-np.sin(a) * np.cos(b), np.sin(b), np.cos(a) * np.cos(b)])
    up = np.cross(toward, right)
    order = np.argsort(points @ toward)
    points = points[order]
    axes.scatter(
        points @ right,
        points @ up,
        s=min(20.0, 12_000 / len(points)),
        c=points[:, 1],
        cmap=LinearSegmentedColormap.from_list("height", RAMP),
        edgecolors="#1b202766",
        linewidths=0.25,
        rasterized=True,
    )
    axes.set(aspect="equal", xlim=(-1.05, 1.05), ylim=(-1.05, 1.05))
    axes.axis("off")


def _views(part: Any, item: ViewerItem) -> None:
    views = len(item.depth)
    columns = -(-views // (2 if views <= 12 else 3))
    axes = part.subplots(-(-views // columns), columns, squeeze=False).flat
    for k, axis in enumerate(axes):
        if k >= views:
            axis.axis("off")
            continue
        axis.imshow(grey(item.depth)[k], cmap="gray", vmin=0, vmax=1)
        axis.set_title(f"{k + 1} {item.view_names[k]}", fontsize=7, color=SOFT, pad=2)
        axis.set(xticks=[], yticks=[])
        axis.grid(False)
        axis.spines[:].set_visible(True)
        axis.spines[:].set_color("#d9dde3")


def _bars(axes: Any, probabilities: Float[np.ndarray, " class"], classes: Sequence[str]) -> None:
    best = np.argsort(-probabilities, kind="stable")[:BEST_OF]
    axes.barh(
        range(len(best)), probabilities[best], color=[BEST] + [OTHER] * (len(best) - 1), height=0.6
    )
    for rank, k in enumerate(best):
        axes.text(
            probabilities[k] + 0.02,
            rank,
            f"{100 * probabilities[k]:.1f} %",
            va="center",
            fontsize=8,
        )
    axes.set_yticks(range(len(best)), [classes[k] for k in best], fontsize=9)
    axes.set(xlim=(0, 1.22), ylim=(BEST_OF - 0.5, -0.5), xticks=[])
    axes.tick_params(length=0)
    axes.grid(False)
    axes.spines[:].set_visible(False)
