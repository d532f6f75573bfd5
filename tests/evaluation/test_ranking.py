import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_rel
from score_rows import rows

from pointclip.evaluation.ranking import holm, paired, rank_methods


SEEDS = [1, 2, 3, 4]
ACCURACY = {
    "good": [60.0, 62, 61, 65],
    "near": [60.0, 61, 62, 64],
    "bad": [40.0, 45, 43, 44],
}


def scores(**change):
    return pd.DataFrame(
        [r for m, a in ACCURACY.items() for r in rows(a, SEEDS, method=m, **change)]
    )


def test_methods_are_ranked_against_the_best_of_the_same_seeds():
    found = rank_methods(pd.concat([scores(shots=1), scores(shots=4)])).set_index("method")
    assert len(found) == 6
    found = found[found["shots"] == 4]
    assert found["rank"].to_dict() == {"good": 1, "near": 2, "bad": 3}
    assert found.loc["near", "difference"] == pytest.approx(-0.25)
    p = [ttest_rel(ACCURACY[name], ACCURACY["good"]).pvalue for name in ("near", "bad")]
    assert found.loc["bad", "p"] == pytest.approx(2 * p[1])
    assert found.loc["near", "p"] == pytest.approx(p[0])
    assert pd.isna(found.loc["good", "p"]) and (found["seeds"] == 4).all()
    assert found.loc["bad", "low"] < found.loc["bad", "difference"] < found.loc["bad", "high"]


def test_only_seeds_that_all_methods_have_are_compared():
    one = scores()
    found = rank_methods(one[(one["method"] != "bad") | (one["seed"] < 3)])
    assert (found["seeds"] == 2).all()


def test_one_method_or_one_seed_is_no_comparison():
    one = scores()
    assert rank_methods(one[one["method"] == "good"]).empty
    assert rank_methods(one[one["seed"] == 1]).empty
    assert rank_methods(one.assign(seed=None)).empty


def test_holm_is_step_down_and_never_above_one():
    np.testing.assert_allclose(holm(np.array([0.04, 0.01, 0.03])), [0.06, 0.03, 0.06])
    assert holm(np.array([0.6, 0.9])).tolist() == [1, 1]


@pytest.mark.parametrize("shift, p", [(0.0, 1.0), (2.0, 0.0)])
def test_the_same_difference_in_all_seeds_has_no_variance(shift, p):
    one = np.array([1.0, 2, 3])
    assert paired(one + shift, one) == (shift, shift, shift, p)
