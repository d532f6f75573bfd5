"""One look for all figures, and writing them so that equal figures are equal files."""

from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pointclip.core.atomic import atomic
from pointclip.core.errors import choose


STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.labelsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "lines.linewidth": 1.6,
    "figure.constrained_layout.use": True,
    "savefig.dpi": 200,
    # In SVG letters are shapes, so that a page looks the same without our font; in PDF they stay
    # text. Ids in SVG come from this salt, not from chance.
    "svg.fonttype": "path",
    "svg.hashsalt": "pointclip",
    "pdf.fonttype": 42,
}
# Okabe and Ito: told apart with any colour vision; markers and dashes repeat the distinction.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
MARKERS = ["o", "s", "^", "D", "v", "P", "X"]
GREY = "#7f7f7f"
RIGHT, WRONG = COLOURS[0], COLOURS[1]
# Each format names its time and program differently; none belongs into a file.
METADATA = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
Args = ParamSpec("Args")


def styled(plot: Callable[Args, Figure]) -> Callable[Args, Figure]:
    """Plot in the project's style, whatever the user's matplotlibrc says."""

    @wraps(plot)
    def styled_plot(*args: Args.args, **kwargs: Args.kwargs) -> Figure:
        with mpl.rc_context():
            mpl.rcdefaults()
            mpl.rcParams.update(STYLE)
            return plot(*args, **kwargs)

    return styled_plot


def save(figure: Figure, *paths: str | Path) -> None:
    """Write a figure as .png, .svg or .pdf, by suffix; the same figure gives the same bytes."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)
        for path in paths:
            suffix = choose(Path(path).suffix, list(METADATA), "suffix of a figure")
            with atomic(path) as partial:
                figure.savefig(partial, metadata=METADATA[suffix])


def legend_below(figure: Figure, panels: Iterable[Axes], order: Sequence[str]) -> None:
    """One legend for all panels, under them, in as many columns as fit; a long one gets room."""
    handles: dict[str, Any] = {}
    for axis in panels:
        for handle, label in zip(*axis.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    names = [name for name in order if name in handles]
    longest = max(len(name) for name in names)
    columns = max(1, min(len(names), int(figure.get_figwidth() * 11 / (longest + 6))))
    rows = -(-len(names) // columns)
    figure.set_figheight(figure.get_figheight() + 0.18 * max(0, rows - 6))
    figure.legend([handles[n] for n in names], names, loc="outside lower center", ncols=columns)


def message(text: str) -> Figure:
    """A figure that says in words why there is nothing to plot."""
    figure = Figure(figsize=(5, 1.5))
    figure.text(0.5, 0.5, text, ha="center", va="center", wrap=True)
    return figure


def spoken(name: str) -> str:
    """`night_stand` as people write it."""
    return name.replace("_", " ")
