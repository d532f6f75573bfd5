import numpy as np
import pandas as pd
import pytest
from score_rows import zero_shot

from pointclip.core.errors import UserError
from pointclip.evaluation.summary import bootstrap_interval, per_seed, seed_interval, summarise


def test_per_seed_has_a_row_for_every_seed(scores: pd.DataFrame, published: pd.DataFrame) -> None:
    table = per_seed(scores, published)
    assert len(table) == len(scores)
    assert list(table) == [
        *("dataset", "projection", "prompts", "backbone", "method", "protocol", "shots", "seed"),
        *("accuracy", "top5", "mean_class_accuracy", "n", "published", "source"),
    ]
    plain = table[table["method"].eq("inter_view") & table["protocol"].eq("plain")]
    assert plain["seed"].tolist() == [1, 2, 3]
    assert plain["accuracy"].tolist() == [74.0, 72.0, 70.0]
    assert table["seed"].isna().sum() == 2
    assert ",1,74" in plain.to_csv(index=False)  # not 1.0


def test_tables_do_not_depend_on_the_order_of_rows(scores: pd.DataFrame) -> None:
    shuffled = scores.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(per_seed(scores), per_seed(shuffled))
    pd.testing.assert_frame_equal(summarise(scores), summarise(shuffled))


def test_a_summary_keeps_protocols_apart(scores: pd.DataFrame, published: pd.DataFrame) -> None:
    summary = summarise(scores, published)
    assert summary["protocol"].tolist() == ["plain", "plain", "released", "released"]
    assert summary["mean"].tolist() == [19.0, 72.0, 20.0, 81.0]
    assert summary["std"].tolist()[1] == pytest.approx(2.0)
    assert summary["std"].isna().tolist() == [True, False, True, False]
    assert summary["seeds"].tolist() == [0, 3, 0, 3]
    assert summary["published"].tolist()[0] == 19.33
    assert summary["delta_vs_published"].tolist()[0] == pytest.approx(-0.33)
    assert summary["published"].isna().tolist() == [False, True, True, True]
    assert summary["source"].tolist() == ["issue 7", "", "", ""]


def test_an_added_column_tells_experiments_apart() -> None:
    frame = pd.DataFrame([*zero_shot(10.0, views=1), *zero_shot(30.0, views=6)])
    assert summarise(frame)["mean"].tolist() == [10.0, 30.0]


def test_no_scores_make_an_empty_table(scores: pd.DataFrame) -> None:
    assert summarise(scores.iloc[:0]).empty
    assert per_seed(scores.iloc[:0]).empty
    assert list(summarise(scores.iloc[:0])) == list(summarise(scores))


def test_a_missing_column_is_named(scores: pd.DataFrame) -> None:
    with pytest.raises(UserError, match="lack the column 'protocol'"):
        summarise(scores.drop(columns="protocol"))


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
