import numpy as np
import pytest
from released_methods import golden

from pointclip.classification.temperature import softmax
from pointclip.core.errors import UserError
from pointclip.evaluation import calibration


LABELS = golden("shared/test_labels")
LOGITS = golden("calibration/logits")


@pytest.mark.parametrize("state", ["raw", "scaled"])
def test_metrics_are_the_released_ones(state):
    temperature = 1.0 if state == "raw" else float(golden("calibration/temperature"))
    found = calibration.measure(LOGITS, LABELS, temperature)
    for name in ("ece", "brier", "nll", "aurc", "excess_aurc", "mean_confidence"):
        assert found[name] == pytest.approx(float(golden(f"calibration/{state}/{name}")), abs=1e-9)
    for coverage in (90, 80, 70):
        risk = float(golden(f"calibration/{state}/selective_risk_at_{coverage / 100}"))
        assert found[f"accuracy_at_{coverage}"] == pytest.approx(1 - risk, abs=1e-12)


@pytest.mark.parametrize("state", ["raw", "scaled"])
def test_curve_is_the_released_one(state):
    temperature = 1.0 if state == "raw" else float(golden("calibration/temperature"))
    confidence = softmax(LOGITS / temperature).max(1)
    curve = calibration.risk_coverage(confidence, (LOGITS.argmax(1) == LABELS).astype(float))
    np.testing.assert_allclose(curve.coverage, golden(f"calibration/{state}/coverage"), rtol=1e-12)
    np.testing.assert_allclose(curve.risk, golden(f"calibration/{state}/risk"), rtol=1e-12)


def test_disagreement_is_the_released_one():
    views = golden("calibration/view_logits")
    found = calibration.view_disagreement(views)
    np.testing.assert_allclose(found, golden("calibration/disagreement"), rtol=1e-9)
    right = (views.mean(1).argmax(1) == LABELS).astype(float)
    aurc = calibration.risk_coverage(1 - found, right).aurc
    assert aurc == pytest.approx(float(golden("calibration/disagreement_aurc")), abs=1e-12)
    assert (calibration.view_disagreement(views[:, :1]) == 0).all()


def test_bins_include_their_upper_end():
    bins = calibration.reliability(np.array([0.0, 0.5, 0.5, 1.0]), np.array([0.0, 1, 0, 1]), bins=2)
    assert bins == [(0.75, pytest.approx(1 / 3), pytest.approx(1 / 3)), (0.25, 1.0, 1.0)]


def test_equal_confidence_goes_to_the_lower_index():
    curve = calibration.risk_coverage(np.ones(4), np.array([1.0, 0, 1, 1]))
    assert curve.risk.tolist() == [0, 0.5, pytest.approx(1 / 3), 0.25]
    assert curve.accuracy_at(0.7) == 0.5
    assert curve.accuracy_at(0.01) == 1


def test_bad_logits_are_refused():
    with pytest.raises(UserError, match="1 shapes are NaN"):
        calibration.measure(np.array([[np.nan, 1], [0, 1.0]]), np.array([0, 1]))
