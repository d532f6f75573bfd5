from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from figure_data import CLASSES, words

from pointclip.report.figures.confusion import confusion, confusion_matrix, per_class_accuracy


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


@pytest.mark.parametrize("classes", [3, 20, 40])
def test_names_of_classes_do_not_overlap(classes: int) -> None:
    rng = np.random.default_rng(0)
    label = np.repeat(np.arange(classes), 5)
    names = [f"a_rather_long_name_{i}" for i in range(classes)]
    frame = pd.DataFrame({"id": label.astype(str), "label": label})
    frame["predicted"] = rng.integers(0, classes, len(label))
    for plot in (confusion_matrix, per_class_accuracy):
        figure = plot(frame, names, title="title")
        figure.draw_without_rendering()
        axis = figure.axes[0]
        boxes = [tick.get_window_extent() for tick in axis.get_yticklabels()]
        boxes = sorted(boxes, key=lambda box: box.y0)
        assert all(low.y1 <= high.y0 + 1 for low, high in pairwise(boxes))
        inside = figure.bbox
        assert all(box.x0 >= inside.x0 - 1 and box.y0 >= inside.y0 - 1 for box in boxes)
