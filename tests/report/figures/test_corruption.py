import numpy as np
import pandas as pd
import pytest
from figure_data import words

from pointclip.catalog.columns import IDENTITY
from pointclip.report.figures.corruption import corruption_curve, corruption_heatmap


@pytest.fixture
def errors() -> pd.DataFrame:
    about = dict.fromkeys(IDENTITY, "x") | {"method": "zero_shot", "shots": 0}
    kinds = [("uniform", "noise"), ("shear", "transformation")]
    rows = [
        {"projection": p, "corruption": name, "family": of, "severity": s, "error": 40.0 + 5 * s}
        for p in ("dots", "surface")
        for name, of in kinds
        for s in (1, 3, 5)
    ]
    rows.append({"projection": "dots", "corruption": "turn_any", "family": "turn", "severity": 1})
    return pd.DataFrame([about | {"error": 90.0, "clean_error": 30.0} | row for row in rows])


def test_heatmap_has_a_panel_an_experiment_and_a_row_a_corruption(errors: pd.DataFrame) -> None:
    figure = corruption_heatmap(errors, "shapes")
    first, second, _ = figure.axes
    assert first.get_title() == "dots\nclean 30.0 %" and second.get_title().startswith("surface")
    assert [tick.get_text() for tick in first.get_yticklabels()] == ["uniform", "shear", "turn any"]
    cells = first.images[0].get_array()
    assert cells.tolist()[:2] == [[45, 55, 65], [45, 55, 65]]
    assert cells[2, 0] == 90 and np.isnan(np.asarray(cells)[2, 1])
    assert "90" in words(figure)


def test_curve_begins_at_the_clean_error_and_leaves_turns_out(errors: pd.DataFrame) -> None:
    panel = corruption_curve(errors).axes[0]
    lines = {line.get_label(): line for line in panel.lines}
    assert list(lines) == ["all", "noise", "transformation"]
    assert list(lines["all"].get_xdata()) == [0, 1, 3, 5]
    assert list(lines["all"].get_ydata()) == [30, 45, 55, 65]


def test_without_scores_the_figures_say_so(errors: pd.DataFrame) -> None:
    assert "No score" in words(corruption_heatmap(errors[:0]))[0]
    assert "No score" in words(corruption_curve(errors[errors["family"] == "turn"]))[0]
