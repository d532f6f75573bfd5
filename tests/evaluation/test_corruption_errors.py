import pandas as pd
import pytest
from score_rows import rows, zero_shot

from pointclip.evaluation.corruption_errors import corruption_errors, mean_errors


def corrupted(name, severity=1):
    return {"base": "modelnet40", "corruption": {"name": name, "severity": severity}}


WORSE = {
    "a1": corrupted("shear", 1),
    "a5": corrupted("shear", 5),
    "b1": corrupted("uniform", 1),
    "t": corrupted("turn_any"),
}
ERRORS = {"modelnet40": 40.0, "a1": 50.0, "a5": 70.0, "b1": 44.0, "t": 90.0}


@pytest.fixture
def scores():
    lines = [zero_shot(100 - error, dataset=name) for name, error in ERRORS.items()]
    lines.append(rows([80.0, 70.0], [1, 2], dataset="modelnet40"))
    lines.append(rows([40.0, 50.0], [1, 2], dataset="a1"))
    return pd.DataFrame([row for part in lines for row in part])


def test_errors_are_those_of_the_base_with_the_clean_one_beside(scores):
    errors = corruption_errors(scores, WORSE)
    assert set(errors["dataset"]) == {"modelnet40"}
    zero = errors[errors["method"] == "zero_shot"]
    assert zero["error"].tolist() == [44, 50, 70, 90]  # noise, transformation, turns
    assert (zero["clean_error"] == 40).all()
    few = errors[errors["method"] == "inter_view"]
    assert few["error"].tolist() == [55] and few["clean_error"].tolist() == [25]


def test_means_are_over_corruptions_of_their_means_over_severities(scores):
    means = mean_errors(corruption_errors(scores, WORSE)).set_index("method")
    of = means.loc["zero_shot"]
    assert of["transformation_error"] == 60 and of["noise_error"] == 44
    assert of["mean_error"] == 52 and of["clean_error"] == 40
    assert of["severity_1_error"] == 47 and of["severity_5_error"] == 70
    assert of["turn_any_error"] == 90


def test_without_corrupted_data_sets_there_is_no_row(scores):
    errors = corruption_errors(scores, {})
    assert errors.empty and mean_errors(errors).empty
