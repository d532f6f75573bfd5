import pandas as pd
from figure_data import words

from pointclip.report.figures.comparison import accuracy_by_seconds, ranking


TIMES = pd.DataFrame(
    [
        {"method": m, "shots": s, "seconds": t, "mean": a, "std": 1.0}
        for s in (1, 4, 16)
        for m, t, a in [("tip", 0.1, 50.0), ("gda", 0.2, 50.1), ("inter_view", 100.0, 60.0)]
    ]
)
RANKED = pd.DataFrame(
    [
        {"method": m, "shots": s, "rank": r, "difference": d, "low": d - 1, "high": d + 1, "p": p}
        for s in (1, 4)
        for r, (m, d, p) in enumerate(
            [("gda", 0.0, None), ("tip", -0.2, 0.6), ("ape", -9, 0.01)], 1
        )
    ]
)


def test_the_fewest_and_the_most_shots_have_a_panel_with_every_method() -> None:
    figure = accuracy_by_seconds(TIMES, "shapes")
    assert [axis.get_title() for axis in figure.axes] == ["1 shot", "16 shots"]
    assert figure.axes[0].get_xscale() == "log"
    assert all(words(figure).count(name) == 2 for name in ("tip", "gda", "inter_view"))
    assert len(accuracy_by_seconds(TIMES[TIMES["shots"] == 4]).axes) == 1


def test_methods_that_do_not_differ_are_filled() -> None:
    figure = ranking(RANKED, "shapes")
    panel = figure.axes[0]
    labels = [tick.get_text() for tick in panel.get_yticklabels()]
    assert labels == ["gda (1.0)", "tip (2.0)", "ape (3.0)"]
    markers = [line for line in panel.lines if line.get_marker() == "o"]
    assert [line.get_markerfacecolor() == "white" for line in markers] == [False, False, True]


def test_nothing_to_compare_is_said_in_words() -> None:
    assert "No few-shot score" in words(accuracy_by_seconds(TIMES[:0]))[0]
    assert "No comparison" in words(ranking(RANKED[:0]))[0]
