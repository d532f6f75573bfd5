from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pointclip.classification import view_weights
from pointclip.core.errors import UserError


def brute_force(logits, labels, grid):
    """Every combination by itself, in exact arithmetic of float64."""
    found = []
    for weights in product(grid, repeat=logits.shape[1]):
        total = np.einsum("nvk,v->nk", logits.astype(np.float64), np.array(weights))
        found.append((100 * float((total.argmax(1) == labels).sum()) / len(labels), weights))
    return found


def make(seed, shapes=40, views=4, classes=5, levels=None):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, shapes)
    logits = rng.normal(size=(shapes, views, classes)) + rng.normal(size=(shapes, 1, classes))
    logits[np.arange(shapes), :, labels] += 1
    if levels:  # few distinct values: many exact ties between classes
        logits = np.round(logits * levels)
    return logits.astype(np.float32), labels


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.integers(1, 5), st.integers(1, 6), st.sampled_from([None, 1]))
def test_finds_what_brute_force_finds(seed, views, classes, levels):
    logits, labels = make(seed, views=views, classes=classes, levels=levels)
    weights, accuracy = view_weights.grid_search(logits, labels)
    every = brute_force(logits, labels, view_weights.GRID)
    best = max(right for right, _ in every)
    assert accuracy == best
    assert (best, tuple(weights)) in every


def test_of_equally_good_weights_the_most_even_then_the_largest_wins():
    logits = np.zeros((3, 4, 2), np.float32)
    logits[:, :, 1] = 1
    weights, accuracy = view_weights.grid_search(logits, np.array([1, 1, 1]))
    assert accuracy == 100
    assert weights.tolist() == [1, 1, 1, 1]


def test_a_tie_between_classes_goes_to_the_lower_label_as_with_argmax():
    same = np.ones((2, 3, 4), np.float32)
    assert view_weights.grid_search(same, np.array([0, 3]))[1] == 50


def test_another_grid_may_leave_views_out():
    logits, labels = make(3)
    logits[:, 2] = -5 * logits[:, 0]  # a view that only harms
    weights, accuracy = view_weights.grid_search(logits, labels, grid=(0.0, 1.0))
    assert accuracy == max(right for right, _ in brute_force(logits, labels, (0.0, 1.0)))
    assert set(weights) <= {0.0, 1.0}


def test_too_many_combinations_and_no_shapes_are_sentences():
    with pytest.raises(UserError, match="4 weights for 13 views are 67108864 combinations"):
        view_weights.grid_search(np.zeros((1, 13, 2), np.float32), np.zeros(1, np.int64))
    with pytest.raises(UserError, match="without a labelled shape"):
        view_weights.grid_search(np.zeros((0, 4, 2), np.float32), np.zeros(0, np.int64))


def test_released_takes_the_shipped_weights_where_there_are_any():
    logits, labels = make(0, shapes=12, views=10, classes=3)
    shipped = view_weights.shipped_weights("modelnet40", "pointclip_v2", "rn50")
    weights = view_weights.released_weights(logits, labels, shipped)
    assert weights.tolist() == [0.75, 0.75, 0.75, 0.75, 0.25, 0.5, 1, 1, 0.25, 0.25]


@pytest.mark.parametrize(
    ("dataset", "projection", "backbone"),
    [
        ("", "pointclip_v2", "rn50"),
        ("modelnet40", "pointclip_zs", "rn50"),
        ("modelnet40", "pointclip_v2", "iconclip"),
    ],
)
def test_nothing_is_shipped_for_other_data_sets_projections_and_backbones(
    dataset, projection, backbone
):
    assert view_weights.shipped_weights(dataset, projection, backbone) is None


def test_released_searches_on_the_given_labels_where_nothing_fits():
    logits, labels = make(4, views=3)
    searched, _ = view_weights.grid_search(logits, labels)
    assert searched.tolist() != [1, 1, 1]
    for shipped in (None, (0.25, 0.25)):  # as many weights as another projection has views
        found = view_weights.released_weights(logits, labels, shipped)
        np.testing.assert_array_equal(found, searched)
