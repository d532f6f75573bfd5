import numpy as np
import pandas as pd
import pytest
from places import GOLDEN

from pointclip.core.errors import UserError
from pointclip.segmentation.scores import best_single_part, means, shape_scores


MADE = {"chair_4_4": 4, "lamp_4_2": 4, "lamp_2_2": 4, "laptop_2_2": 2, "table_2_3": 3, "mug_1_2": 2}


@pytest.mark.parametrize("name", MADE)
def test_iou_equals_the_release(name):
    with np.load(GOLDEN / "partseg.npz") as file:
        truth, predicted = file[f"iou_{name}_labels"], file[f"iou_{name}_pred"]
        expected = file[f"iou_{name}"]
    found = [shape_scores(p, t, range(MADE[name])) for p, t in zip(predicted, truth, strict=True)]
    assert [one["iou"] / 100 for one in found] == pytest.approx(list(expected), abs=1e-9)


def test_an_absent_part_counts_one_by_the_released_rule_only():
    truth, predicted = np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1])
    found = shape_scores(predicted, truth, [0, 1, 2])
    assert found["accuracy"] == 75
    assert found["iou_present"] == pytest.approx(100 * (2 / 3 + 1 / 2) / 2)
    assert found["iou"] == pytest.approx(100 * (2 / 3 + 1 / 2 + 1) / 3)


def test_a_part_that_is_predicted_but_absent_counts_nothing():
    found = shape_scores(np.array([2, 0]), np.array([0, 0]), [0, 1, 2])
    assert found["iou"] == pytest.approx(100 * (1 / 2 + 1 + 0) / 3)
    assert found["iou_present"] == 50


def test_class_means_do_not_weigh_by_the_number_of_shapes():
    rows = [{"class": name, "accuracy": a, "iou": a, "iou_present": a} for name, a in
            [("chair", 90.0), ("chair", 90.0), ("chair", 90.0), ("lamp", 10.0)]]  # fmt: skip
    found = means(pd.DataFrame(rows))
    assert found["class_iou"] == 50
    assert found["instance_iou"] == 70


def test_the_best_single_part_is_that_of_the_highest_mean_iou():
    labels = [np.array([0, 1, 1, 1]), np.array([0, 0, 0, 0]), np.array([0, 0, 1, 1])]
    assert best_single_part(labels, [0, 1]) == 0


def test_labels_that_do_not_fit_are_named():
    with pytest.raises(UserError, match="3 part labels for 2 points"):
        shape_scores(np.array([0, 1]), np.array([0, 1, 1]), [0, 1])
    with pytest.raises(UserError, match="Part label 7 is none of the class's parts: 0, 1"):
        shape_scores(np.array([0, 1]), np.array([0, 7]), [0, 1])
