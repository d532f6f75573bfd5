import numpy as np
import pytest
from released_methods import golden, near

from pointclip.classification.transductive.tda import tda
from pointclip.core.errors import UserError


ITEMS, TEXT, ORDER = golden("shared/test"), golden("shared/text"), golden("tda/order")


@pytest.mark.parametrize("name", ["texture", "positive_only"])
def test_logits_are_the_released_ones(name):
    found = tda(ITEMS, TEXT, 100.0, ORDER, 2.0, 3.0, negative=name == "texture")
    near(found, f"tda/{name}/test_logits")
    near(found[ORDER], f"tda/{name}/stream_logits")


@pytest.mark.parametrize("order", [np.zeros(40, int), np.arange(39), np.arange(1, 41)])
def test_an_order_that_is_no_permutation_is_refused(order):
    with pytest.raises(UserError, match="each number from 0 to 39 once"):
        tda(ITEMS, TEXT, 100.0, order)


def test_one_class_is_allowed():
    assert np.isfinite(tda(ITEMS, TEXT[:1], 100.0, ORDER)).all()
