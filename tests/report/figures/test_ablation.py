import pandas as pd
import pytest
from figure_data import words

from pointclip.core.errors import UserError
from pointclip.report.figures.ablation import ablation_plot


def test_ablation_over_numbers_and_over_ids(scores: pd.DataFrame) -> None:
    few = scores[scores["shots"] > 0]
    figure = ablation_plot(few, "shots", title="Shots")
    assert [tick.get_text() for tick in figure.axes[0].get_xticklabels()] == ["1", "2", "4"]
    assert {"inter_view", "tip"} <= set(words(figure))
    one = few[(few["shots"] == 4) & (few["protocol"] == "plain")]
    figure = ablation_plot(one, "method", order=["tip", "inter_view"])
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == ["tip", "inter_view"]
    with pytest.raises(UserError, match="'views'"):
        ablation_plot(few, "views")


def test_a_series_that_only_one_protocol_has_is_in_the_legend(scores: pd.DataFrame) -> None:
    part = scores[~((scores["method"] == "tip") & (scores["protocol"] == "plain"))]
    assert "tip" in words(ablation_plot(part[part["shots"] > 0], "shots"))
