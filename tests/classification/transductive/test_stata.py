import numpy as np
import pytest
from released_methods import golden, near

from pointclip.classification.transductive.stata import stata


ITEMS, TEXT = golden("shared/test"), golden("shared/text")


@pytest.mark.parametrize("name", ["all", "all_soft", "two_classes"])
def test_probabilities_are_the_released_ones(name):
    items = ITEMS[golden(f"stata/{name}/indices")]
    near(np.exp(stata(items, TEXT, 100.0, soft_counts=name == "all_soft")), f"stata/{name}/z")


def test_order_of_items_plays_no_part():
    order = np.random.default_rng(0).permutation(len(ITEMS))
    expected = stata(ITEMS, TEXT, 100.0)[order]
    np.testing.assert_allclose(stata(ITEMS[order], TEXT, 100.0), expected, atol=1e-9)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_items_give_probabilities(count):
    found = stata(ITEMS[:count], TEXT, 100.0)
    np.testing.assert_allclose(np.exp(found).sum(1), 1)


def test_equal_items_and_one_class_stay_finite():
    assert np.isfinite(stata(np.repeat(ITEMS[:1], 5, axis=0), TEXT, 100.0)).all()
    np.testing.assert_allclose(stata(ITEMS, TEXT[:1], 100.0), 0, atol=1e-12)
