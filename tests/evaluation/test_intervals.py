import numpy as np
import pytest

from pointclip.evaluation.intervals import bootstrap_interval, seed_interval


def test_seed_interval_is_students() -> None:
    low, high = seed_interval(np.array([70.0, 72.0, 74.0]))
    # t(2) at 97.5 % is 4.3027; the standard error is 2 / sqrt(3).
    assert (low, high) == (pytest.approx(72 - 4.9683, abs=1e-3), pytest.approx(76.9683, abs=1e-3))
    assert all(np.isnan(seed_interval(np.array([70.0]))))
    assert seed_interval(np.array([95.0, 98.0, 100.0]))[1] == 100
    assert seed_interval(np.array([0.0, 1.0, 5.0]))[0] == 0


@pytest.mark.parametrize(("accuracy", "n"), [(19.33, 2468), (50.0, 30), (97.0, 300), (1.0, 100)])
def test_bootstrap_interval_equals_resampling(accuracy: float, n: int) -> None:
    right = np.zeros(n)
    right[: round(accuracy * n / 100)] = 1
    rng = np.random.default_rng(0)
    means = 100 * rng.choice(right, (3000, n)).mean(axis=1)
    expected = np.percentile(means, [2.5, 97.5])
    got = bootstrap_interval(100 * right.mean(), n)
    assert np.abs(np.array(got) - expected).max() <= 100 * 2 / n


def test_bootstrap_interval_is_that_of_resampled_predictions() -> None:
    rng = np.random.default_rng(1)
    right = rng.random(500) < 0.3
    means = [100 * rng.choice(right, 500).mean() for _ in range(4000)]
    low, high = bootstrap_interval(100 * right.mean(), 500)
    assert low == pytest.approx(np.percentile(means, 2.5), abs=0.5)
    assert high == pytest.approx(np.percentile(means, 97.5), abs=0.5)
    assert bootstrap_interval(100.0, 50) == (100, 100)


@pytest.mark.parametrize("accuracy", [0.0, 100.0])
def test_bootstrap_interval_at_the_ends(accuracy: float) -> None:
    assert bootstrap_interval(accuracy, 50) == (accuracy, accuracy)
    low, high = bootstrap_interval(1.0, 100)
    assert low == 0 and high < 5
