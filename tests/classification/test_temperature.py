import numpy as np
import pytest
from released_methods import golden

from pointclip.classification.temperature import fit_temperature, softmax
from pointclip.core.errors import UserError


def test_temperature_is_the_released_one():
    found = fit_temperature(golden("calibration/fit_logits"), golden("shared/val_labels"))
    assert found == pytest.approx(float(golden("calibration/temperature")), rel=1e-6)


def test_temperature_stays_in_its_limits():
    sure = np.array([[1.0, 0.0], [0.0, 1.0]])
    assert fit_temperature(sure, np.array([0, 1])) == pytest.approx(0.05)
    assert fit_temperature(100 * sure, np.array([1, 0])) == pytest.approx(20)


def test_temperature_finds_what_scaled_the_logits():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(4000, 5)) * 2
    p = softmax(logits)
    labels = (p.cumsum(1) > rng.random((4000, 1))).argmax(1)
    assert fit_temperature(logits * 3, labels) == pytest.approx(3, rel=0.06)


def test_without_a_labelled_shape_nothing_is_fitted():
    with pytest.raises(UserError, match="at least one labelled shape"):
        fit_temperature(np.empty((0, 3)), np.empty(0, int))
