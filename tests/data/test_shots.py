import logging

import numpy as np
import pandas as pd
import pytest
from few_shot_data import labels_frame
from places import GOLDEN

from pointclip.core.errors import UserError
from pointclip.data.shots import (
    distinct_shot_ids,
    released_ids,
    released_rows,
    sample_shots,
    seeds_of,
    shot_ids,
    validation_ids,
)


RELEASED = np.load(GOLDEN / "adapter.npz")


def frame(per_class=20):
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(5), per_class))
    return labels_frame(labels, "train")


@pytest.mark.parametrize("shots", [1, 4, 16])
def test_the_released_sampler_gives_the_golden_indices(shots):
    expected = RELEASED[f"sampling/seed2_{shots}shot"]
    np.testing.assert_array_equal(released_rows(RELEASED["sampling/labels"], shots, 2), expected)


def test_the_released_sampler_repeats_shapes_of_a_small_class():
    chosen = released_rows(np.array([0, 0, 1, 1, 1]), 3, 2)
    assert len(chosen) == 6 and set(chosen[:3]) <= {0, 1} and set(chosen[3:]) == {2, 3, 4}


def test_released_ids_are_those_of_the_released_rows():
    labels = frame()
    expected = labels["id"].to_numpy()[released_rows(labels["label"].to_numpy(), 4, 2)]
    assert released_ids(labels, 4, [1, 2])[1].tolist() == expected.tolist()


def test_shots_are_nested_and_of_every_class():
    labels = frame()
    sampled = sample_shots(labels, [1, 2, 3])
    name = labels.set_index("id")["class"]
    largest = shot_ids(sampled, 8).reshape(3, 5, 8)
    for k in (1, 2, 4):
        np.testing.assert_array_equal(shot_ids(sampled, k).reshape(3, 5, k), largest[..., :k])
    for ids in largest.reshape(15, 8):
        assert len(set(ids)) == 8 and len(set(name[ids])) == 1


@pytest.mark.parametrize("per_class", [5, 10, 100])
def test_a_draw_does_not_depend_on_what_else_is_asked_for(per_class):
    """Held-out shapes follow from the size of the class, shots from their own seed."""
    labels = frame(per_class)
    together, alone = sample_shots(labels, [1, 2, 3]), sample_shots(labels, [2])
    assert validation_ids(together).tolist() == validation_ids(alone).tolist()
    for shots in (1, 4, 8, None):
        np.testing.assert_array_equal(shot_ids(together, shots)[1], shot_ids(alone, shots)[0])
    turned = sample_shots(labels, [3, 2, 1])
    np.testing.assert_array_equal(shot_ids(turned, 4)[::-1], shot_ids(together, 4))


@pytest.mark.parametrize(("per_class", "held_out"), [(3, 0), (5, 1), (10, 2), (16, 4), (100, 4)])
def test_at_most_a_quarter_of_a_class_is_held_out_and_never_a_shot(per_class, held_out):
    sampled = sample_shots(frame(per_class), [1, 7])
    validation = sampled[sampled["protocol"] == "validation"]
    assert len(validation) == 5 * held_out
    assert not set(validation["id"]) & set(shot_ids(sampled, None).ravel())
    assert shot_ids(sampled, None).shape == (2, 5 * (per_class - held_out))


def test_held_out_shapes_have_a_seed_of_their_own():
    labels = frame()
    one = validation_ids(sample_shots(labels, [1]))
    assert one.tolist() == validation_ids(sample_shots(labels, [9])).tolist()
    assert one.tolist() != validation_ids(sample_shots(labels, [1], validation_seed=1)).tolist()
    assert len(validation_ids(sample_shots(labels, [1], validation_per_class=0))) == 0


def test_seeds_come_in_the_order_of_the_config():
    assert seeds_of(sample_shots(frame(), [5, 3])) == [5, 3]


def test_distinct_ids_are_the_largest_draw_and_the_released_ones():
    labels = frame()
    sampled = sample_shots(labels, [5, 3])
    plain = set(shot_ids(sampled, 2).ravel())
    assert set(distinct_shot_ids(sampled, labels, 2)) == plain
    released = {k: set(released_ids(labels, k, [5, 3]).ravel()) for k in (1, 2)}
    assert set(distinct_shot_ids(sampled, labels, 2, [1])) == plain | released[1]
    assert set(distinct_shot_ids(sampled, labels, 0, [1, 2])) == released[1] | released[2]


def test_nothing_held_out_is_said_in_the_log(caplog):
    with caplog.at_level(logging.WARNING):
        sample_shots(frame(per_class=3), [1])
    assert "none is held out" in caplog.text


def test_more_shots_than_shapes_repeat_shapes_and_the_log_says_so(caplog):
    sampled = sample_shots(frame(per_class=3), [1])
    with caplog.at_level(logging.WARNING):
        ids = shot_ids(sampled, 8).reshape(5, 8)
    assert "Class 'class_0' has 3 train shapes for 8 shots" in caplog.text
    assert all(len(set(row)) == 3 for row in ids)


def test_a_seed_twice_is_refused():
    with pytest.raises(UserError, match="Seed 1 is listed twice"):
        sample_shots(frame(), [1, 2, 1])


def test_a_class_without_train_shapes_is_named():
    labels = frame()
    rest = pd.DataFrame(labels[labels["label"] != 3])
    rest.attrs["classes"] = labels.attrs["classes"]
    with pytest.raises(UserError, match="No train shape of class 'class_3'"):
        sample_shots(rest, [1])
