from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from figure_data import CLASSES, words
from matplotlib.figure import Figure

from pointclip.core.errors import UserError
from pointclip.report.figures.ablation import ablation_plot
from pointclip.report.figures.confusion import confusion_matrix, per_class_accuracy
from pointclip.report.figures.depth import compare_projections, depth_montage
from pointclip.report.figures.shots import shots_curve
from pointclip.report.figures.style import save


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_equal_figures_are_equal_files(scores: pd.DataFrame, tmp_path: Path, suffix: str) -> None:
    for name in ("a", "b"):
        save(shots_curve(scores, title="furniture"), tmp_path / f"{name}{suffix}")
    first, second = ((tmp_path / f"{name}{suffix}").read_bytes() for name in ("a", "b"))
    assert first == second
    assert len(first) > 1000
    assert [path.name for path in sorted(tmp_path.iterdir())] == [f"a{suffix}", f"b{suffix}"]


def test_the_users_own_style_changes_nothing(scores: pd.DataFrame, tmp_path: Path) -> None:
    save(shots_curve(scores), tmp_path / "a.svg")
    with mpl.rc_context({"font.size": 30, "lines.linewidth": 9, "svg.hashsalt": "x"}):
        save(shots_curve(scores), tmp_path / "b.svg")
        assert mpl.rcParams["font.size"] == 30
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_unknown_suffix(scores: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"suffix of a figure '\.gif'"):
        save(shots_curve(scores), tmp_path / "a.gif")


@pytest.mark.parametrize(
    "plot",
    [
        lambda scores, predictions: shots_curve(scores),
        lambda scores, predictions: ablation_plot(scores, "shots"),
        lambda scores, predictions: confusion_matrix(predictions, CLASSES),
        lambda scores, predictions: per_class_accuracy(predictions, CLASSES),
        lambda scores, predictions: depth_montage(np.zeros((0, 1, 4, 4), np.float32), ["v"], []),
        lambda scores, predictions: compare_projections({}, []),
    ],
)
def test_nothing_to_plot_is_said_in_words(
    plot: Callable[[pd.DataFrame, pd.DataFrame], Figure],
    scores: pd.DataFrame,
    predictions: pd.DataFrame,
    tmp_path: Path,
) -> None:
    figure = plot(scores.iloc[:0], predictions.iloc[:0])
    assert words(figure)[0].startswith("No ")
    save(figure, tmp_path / "empty.png")
