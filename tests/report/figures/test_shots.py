import pandas as pd
from figure_data import words

from pointclip.report.figures.shots import shots_curve


def test_shots_curve_has_a_panel_for_each_protocol(scores: pd.DataFrame) -> None:
    figure = shots_curve(scores)
    titles = [axis.get_title() for axis in figure.axes]
    assert titles == ["protocol: plain", "protocol: validation", "protocol: released"]
    plain = figure.axes[0]
    assert [line.get_label() for line in plain.lines] == ["inter_view", "tip", "zero_shot"]
    assert plain.lines[0].get_ydata().tolist() == [47.0, 52.0, 62.0]  # type: ignore[union-attr]
    assert [tick.get_text() for tick in plain.get_xticklabels()] == ["1", "2", "4"]


def test_curves_are_named_by_what_varies(scores: pd.DataFrame) -> None:
    other = scores.assign(projection="pointclip_fs")
    figure = shots_curve(pd.concat([scores, other]))
    assert "inter_view, pointclip_fs" in words(figure)


def test_only_the_usual_zero_shot_is_drawn(scores: pd.DataFrame) -> None:
    softmax = scores[scores["shots"] == 0].assign(method="zero_shot_softmax")
    assert "zero_shot_softmax" not in words(shots_curve(pd.concat([scores, softmax])))
    few = scores[scores["shots"] > 0]
    assert "zero_shot_softmax" in words(shots_curve(pd.concat([few, softmax])))
