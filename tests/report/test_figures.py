from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from pointclip.core.errors import UserError
from pointclip.report.figures.ablation import ablation_plot
from pointclip.report.figures.confusion import confusion, confusion_matrix, per_class_accuracy
from pointclip.report.figures.depth import compare_projections, depth_montage
from pointclip.report.figures.shots import shots_curve
from pointclip.report.figures.style import save


CLASSES = ["airplane", "night_stand", "flower_pot", "range_hood"]


@pytest.fixture
def scores() -> pd.DataFrame:
    same = {
        **{"dataset": "furniture", "projection": "pointclip_v2", "prompts": "v2"},
        **{"backbone": "iconclip", "top5": 80.0, "mean_class_accuracy": 50.0, "n": 100},
    }
    rows = [
        same | {"method": "zero_shot", "protocol": p, "shots": 0, "seed": None, "accuracy": 30.0}
        for p in ("plain", "released")
    ]
    rows += [
        same
        | {"method": method, "protocol": protocol, "shots": shots, "seed": seed}
        | {"accuracy": 40.0 + 5 * shots + seed}
        for method in ("inter_view", "tip")
        for protocol in ("plain", "validation")
        for shots in (1, 2, 4)
        for seed in (1, 2, 3)
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def predictions() -> pd.DataFrame:
    label = np.repeat([0, 1, 2], [4, 2, 3])
    one = pd.DataFrame({"id": [f"test/{i}" for i in range(9)], "label": label})
    right, wrong = label.copy(), label.copy()
    wrong[[0, 4]] = [3, 2]
    return pd.concat([one.assign(seed=1, predicted=right), one.assign(seed=2, predicted=wrong)])


@pytest.fixture
def depth() -> np.ndarray:
    return np.random.default_rng(0).random((2, 3, 24, 24), dtype=np.float32)


def words(figure: Figure) -> list[str]:
    """Every text of a figure, with line breaks as spaces."""
    found = (text.get_text() for text in figure.findobj(Text))
    return [text.replace("\n", " ") for text in found if text]


def test_montage_names_views_and_classes(depth: np.ndarray) -> None:
    figure = depth_montage(
        depth.astype(np.float16),
        ["front", "left", "front right above"],
        ["chair", "night_stand"],
        ["chair", "dresser"],
        title="furniture",
    )
    said = words(figure)
    assert {"front", "left", "front right above", "chair", "night stand", "furniture"} <= {*said}
    assert "\N{CHECK MARK} chair" in said and "\N{MULTIPLICATION X} dresser" in said
    assert len(figure.axes) == 6


def test_montage_refuses_a_wrong_number_of_names(depth: np.ndarray) -> None:
    with pytest.raises(UserError, match="3 views need 3 names, not 1"):
        depth_montage(depth, ["front"], ["chair", "sofa"])


def test_sparse_maps_are_thickened_and_dense_ones_not() -> None:
    sparse = np.zeros((1, 1, 224, 224), dtype=np.float32)
    sparse[0, 0, 3, 5] = 2.0
    shown = depth_montage(sparse, ["v"], ["chair"]).axes[0].images[0].get_array()
    assert shown is not None and shown.shape == (112, 112) and shown.max() == 2.0
    dense = np.ones((1, 1, 110, 110), dtype=np.float32)
    shown = depth_montage(dense, ["v"], ["chair"]).axes[0].images[0].get_array()
    assert shown is not None and shown.shape == (110, 110)


def test_projections_side_by_side(depth: np.ndarray) -> None:
    maps = {"pointclip_zs": depth[:, 0], "pointclip_v2": depth[:, 1, :10, :10]}
    said = words(compare_projections(maps, ["chair", "sofa"]))
    assert "pointclip_zs 24 x 24" in said and "pointclip_v2 10 x 10" in said


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


def test_confusion_counts_shares(predictions: pd.DataFrame) -> None:
    share = confusion(predictions, CLASSES)
    assert share[0].tolist() == [87.5, 0, 0, 12.5]
    assert share[1].tolist() == [0, 75, 25, 0]
    assert np.isnan(share[3]).all()
    said = words(confusion_matrix(predictions, CLASSES))
    assert "night stand" in said and "75" in said and "nan" not in said


def test_per_class_accuracy_is_sorted(predictions: pd.DataFrame) -> None:
    axis = per_class_accuracy(predictions, CLASSES).axes[0]
    names = [tick.get_text() for tick in axis.get_yticklabels()]
    assert names == ["night stand  (2)", "airplane  (4)", "flower pot  (3)"]
    widths = [bar.get_width() for bar in axis.patches]  # type: ignore[attr-defined]
    assert widths == [75, 87.5, 100]


def test_zero_shot_predictions_have_no_seed(predictions: pd.DataFrame) -> None:
    zero_shot = predictions[predictions["seed"] == 2].assign(seed=None)
    assert per_class_accuracy(zero_shot, CLASSES).axes
    assert confusion_matrix(zero_shot, CLASSES).axes


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
    "draw",
    [
        lambda scores, predictions: shots_curve(scores),
        lambda scores, predictions: ablation_plot(scores, "shots"),
        lambda scores, predictions: confusion_matrix(predictions, CLASSES),
        lambda scores, predictions: per_class_accuracy(predictions, CLASSES),
        lambda scores, predictions: depth_montage(np.zeros((0, 1, 4, 4), np.float32), ["v"], []),
        lambda scores, predictions: compare_projections({}, []),
    ],
)
def test_nothing_to_draw_is_said_in_words(
    draw: Callable[[pd.DataFrame, pd.DataFrame], Figure],
    scores: pd.DataFrame,
    predictions: pd.DataFrame,
    tmp_path: Path,
) -> None:
    figure = draw(scores.iloc[:0], predictions.iloc[:0])
    assert words(figure)[0].startswith("No ")
    save(figure, tmp_path / "empty.png")


@pytest.mark.parametrize("classes", [3, 20, 40])
def test_names_of_classes_do_not_overlap(classes: int) -> None:
    rng = np.random.default_rng(0)
    label = np.repeat(np.arange(classes), 5)
    names = [f"a_rather_long_name_{i}" for i in range(classes)]
    frame = pd.DataFrame({"id": label.astype(str), "label": label})
    frame["predicted"] = rng.integers(0, classes, len(label))
    for draw in (confusion_matrix, per_class_accuracy):
        figure = draw(frame, names, title="title")
        figure.draw_without_rendering()
        axis = figure.axes[0]
        boxes = [tick.get_window_extent() for tick in axis.get_yticklabels()]
        boxes = sorted(boxes, key=lambda box: box.y0)
        assert all(low.y1 <= high.y0 + 1 for low, high in pairwise(boxes))
        inside = figure.bbox
        assert all(box.x0 >= inside.x0 - 1 and box.y0 >= inside.y0 - 1 for box in boxes)
