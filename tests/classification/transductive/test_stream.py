import numpy as np
import pytest
from released_methods import golden

from pointclip.classification.transductive.stream import stream_order
from pointclip.classification.transductive.tda import tda
from pointclip.classification.transductive.uni_adapter import uni_adapter


ITEMS, TEXT = golden("shared/test"), golden("shared/text")


@pytest.mark.parametrize("method", [tda, uni_adapter])
def test_an_item_depends_on_those_before_it_alone(method):
    order = stream_order(len(ITEMS), 1)
    changed = ITEMS.copy()
    changed[order[20:]] = ITEMS[order[20:]][::-1]
    before, after = method(ITEMS, TEXT, 100.0, order), method(changed, TEXT, 100.0, order)
    np.testing.assert_array_equal(before[order[:20]], after[order[:20]])
    assert (before[order[20:]] != after[order[20:]]).any()


@pytest.mark.parametrize("method", [tda, uni_adapter])
def test_the_order_matters(method):
    first, second = (method(ITEMS, TEXT, 100.0, stream_order(40, seed)) for seed in (1, 2))
    assert np.abs(first - second).max() > 1e-3


def test_an_order_shows_every_shape_once():
    assert sorted(stream_order(40, 1)) == list(range(40))
    assert stream_order(40, 1).tolist() == stream_order(40, 1).tolist()
