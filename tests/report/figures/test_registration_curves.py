import numpy as np
import pandas as pd
import pytest
from figure_data import words

from pointclip.catalog.registration import IDENTITY, RANDOM
from pointclip.report.figures.registration_curves import (
    ablation_plot,
    error_by_overlap,
    recall_curve,
)
from pointclip.report.figures.style import COLOURS, GREY, RIGHT, WRONG


LIMITS = (20.0, 0.5)


def rows(features="fpfh", solver="kabsch"):
    """A good pair, one that is turned too far, one without a pose, one of unknown overlap."""
    return pd.DataFrame(
        {
            "features": features,
            "solver": solver,
            "rotation_error_deg": [0.01, 15.0, np.nan, 30.0],
            "translation_error_m": [0.1, 0.1, np.nan, 0.1],
            "overlap": [0.8, 0.5, 0.3, np.nan],
        }
    )


def lines(figure):
    return {line.get_label(): line for line in figure.axes[0].get_lines()}


def test_recall_grows_as_both_limits_grow_in_one_ratio():
    line = lines(recall_curve(rows(), LIMITS))["fpfh, kabsch"]
    recall = dict(zip(line.get_xdata().round(6), line.get_ydata(), strict=True))
    # The first pair from 0.1 m of 0.5, the second from 15 degrees of 20.
    assert [recall[x] for x in (0, 3, 5, 14, 16, 20)] == pytest.approx([0, 0, 25, 25, 50, 50])


def test_a_family_has_a_colour_a_solver_a_style_and_baselines_are_grey():
    ways = [("fpfh", "kabsch"), ("fpfh", "ransac"), ("hog", "kabsch")]
    baselines = [(RANDOM, "kabsch"), (IDENTITY, "")]
    found = lines(recall_curve(pd.concat([rows(*way) for way in ways + baselines]), LIMITS))
    assert set(found) == {"fpfh, kabsch", "fpfh, ransac", "hog, kabsch", RANDOM, IDENTITY}
    first, second, third = (found[", ".join(way)] for way in ways)
    assert first.get_color() == second.get_color() == COLOURS[0] != third.get_color()
    assert first.get_linestyle() == third.get_linestyle() != second.get_linestyle()
    assert found[RANDOM].get_color() == found[IDENTITY].get_color() == GREY


def test_errors_are_drawn_over_the_overlap_for_successes_and_failures_of_one_way():
    run = {"features": "fpfh", "solver": "kabsch"}
    both = pd.concat([rows(), rows("hog")])
    for limits, good, bad in ((LIMITS, [0.8, 0.5], []), ((10.0, 0.5), [0.8], [0.5])):
        figure = error_by_overlap(both, run, limits)
        for axis, limit in zip(figure.axes, limits, strict=True):
            success, failure, level = axis.get_lines()
            assert success.get_xdata().tolist() == good and success.get_color() == RIGHT
            assert failure.get_xdata().tolist() == bad and failure.get_color() == WRONG
            assert set(level.get_ydata()) == {limit}
    # A logarithmic axis has no zero: what is smaller is drawn at its end.
    assert figure.axes[0].get_lines()[0].get_ydata().tolist() == [0.1]


def test_nothing_to_draw_is_said_in_words():
    unknown = rows().assign(overlap=np.nan)
    run = {"features": "fpfh", "solver": "kabsch"}
    assert words(error_by_overlap(unknown, run, LIMITS)) == ["No pair has a known overlap."]
    assert words(recall_curve(rows().iloc[:0], LIMITS)) == ["No score to plot."]


def scenes(solver="kabsch"):
    """Set `a` of two scenes and both together, and set `b` of one."""
    return pd.DataFrame(
        {
            "pairs": ["a", "a", "a", "b"],
            "features": "fpfh",
            "solver": solver,
            "scene": ["s1", "s2", "all", "s1"],
            "registration_recall": [10.0, 30.0, 20.0, 50.0],
            "low": [0.0, 10.0, 15.0, 50.0],
            "high": [20.0, 50.0, 30.0, 60.0],
        }
    )


def test_an_ablation_shows_all_scenes_together_and_a_lone_scene_with_their_intervals():
    axis = ablation_plot(scenes(), "pairs").axes[0]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["a", "b"]
    (points, _, (bars,)) = axis.containers[0]
    assert points.get_xdata().tolist() == [20, 50] and points.get_ydata().tolist() == [0, 1]
    ends = [segment[:, 0].tolist() for segment in bars.get_segments()]
    assert ends == [[15, 30], [50, 60]]


def test_an_ablation_has_a_series_for_whatever_else_varies():
    figure = ablation_plot(pd.concat([scenes(), scenes("ransac")]), "pairs", "Sets")
    assert {"kabsch", "ransac", "Sets"} <= set(words(figure))
    first, second = figure.axes[0].containers
    assert (first[0].get_ydata() < second[0].get_ydata()).all()
