import logging
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from few_shot_data import labels_frame
from places import GOLDEN

from pointclip.core.errors import UserError
from pointclip.data.shots import (
    bank_ids,
    draw_shots,
    released_draw,
    seeds_of,
    shot_ids,
    validation_ids,
)


RELEASED = np.load(GOLDEN / "adapter.npz")


def frame(per_class=20):
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(5), per_class))
    return labels_frame(labels, "train")


def drawn(protocol, **kwargs):
    table = draw_shots(frame(), **{"shots": [1, 2, 4, 8], "seeds": [1, 2, 3], **kwargs})
    return table[table["protocol"] == protocol]


@pytest.mark.parametrize("shots", [1, 4, 16])
def test_released_draws_what_the_release_draws(shots):
    expected = RELEASED[f"sampling/seed2_{shots}shot"]
    np.testing.assert_array_equal(released_draw(RELEASED["sampling/labels"], shots, 2), expected)


def test_released_draws_with_replacement_from_a_small_class():
    chosen = released_draw(np.array([0, 0, 1, 1, 1]), 3, 2)
    assert len(chosen) == 6 and set(chosen[:3]) <= {0, 1} and set(chosen[3:]) == {2, 3, 4}


def test_released_rows_are_that_draw():
    rows = drawn("released").query("shots == 4 and seed == 2")
    label = frame()["label"].to_numpy()
    expected = frame()["id"].to_numpy()[released_draw(label, 4, 2)]
    assert rows["id"].tolist() == expected.tolist()
    names = frame().set_index("id")["class"]
    assert names[rows["id"]].tolist() == rows["class"].tolist()


def test_shots_are_nested_per_seed():
    for (_, _), rows in drawn("plain").groupby(["seed", "class"]):
        sets = [rows.loc[rows["shots"] == k, "id"].tolist() for k in (1, 2, 4, 8)]
        assert all(larger[: len(smaller)] == smaller for smaller, larger in pairwise(sets))
        assert [len(ids) for ids in sets] == [1, 2, 4, 8]


def test_held_out_shapes_are_fixed_and_disjoint_from_every_shot():
    held_out = drawn("validation")
    assert held_out.groupby("class").size().tolist() == [4] * 5
    assert not set(held_out["id"]) & set(drawn("plain")["id"])
    assert drawn("validation", seeds=[7])["id"].tolist() == held_out["id"].tolist()
    assert drawn("validation", validation_seed=1)["id"].tolist() != held_out["id"].tolist()


def test_a_seed_draws_the_same_whatever_else_is_drawn():
    alone = drawn("plain", seeds=[2], shots=[4])
    among = drawn("plain").query("seed == 2 and shots == 4")
    assert alone["id"].tolist() == among["id"].tolist()


def test_ids_are_given_by_seed_and_class():
    table = draw_shots(frame(), [2], [5, 3])
    ids = shot_ids(table, "plain", 2)
    assert ids.shape == (2, 10)
    assert seeds_of(table, "plain", 2) == [5, 3]
    assert set(ids.ravel()) <= set(bank_ids(table))
    assert len(validation_ids(table)) == 20


def test_a_bank_holds_the_shots_of_the_draws_asked_for():
    table = draw_shots(frame(), [1, 2], [5, 3])
    plain = set(shot_ids(table, "plain", 2).ravel())
    assert set(bank_ids(table, [("validation", 2), ("plain", 1)])) == plain
    released = {count: set(shot_ids(table, "released", count).ravel()) for count in (1, 2)}
    assert set(bank_ids(table, [("plain", 2), ("released", 1)])) == plain | released[1]
    assert set(bank_ids(table)) == plain | released[1] | released[2]


def test_what_shots_leave_is_held_out_and_nothing_is_said_in_the_log(caplog):
    few = frame(per_class=6)
    table = draw_shots(few, [4], [1])
    assert (table["protocol"] == "validation").sum() == 2 * 5
    with caplog.at_level(logging.WARNING):
        table = draw_shots(frame(per_class=4), [4], [1])
    assert not (table["protocol"] == "validation").any()
    assert "No train shape is left to hold out at 4 shots" in caplog.text


def test_more_shots_than_shapes_repeat_shapes_and_the_log_says_so(caplog):
    with caplog.at_level(logging.WARNING):
        table = draw_shots(frame(per_class=3), [8], [1])
    assert "Class 'class_0' has 3 train shapes for 8 shots" in caplog.text
    for _, rows in table[table["protocol"] == "plain"].groupby("class"):
        assert len(rows) == 8 and rows["id"].nunique() == 3


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"seeds": [1, 2, 1]}, "Seed 1 is listed twice"),
        ({"shots": [0, 4]}, r"Shots \[0, 4\] cannot be drawn"),
        ({"shots": []}, r"Shots \[\] cannot be drawn"),
    ],
)
def test_bad_requests_are_sentences(change, sentence):
    with pytest.raises(UserError, match=sentence):
        drawn("plain", **change)


def test_a_class_without_train_shapes_is_named():
    labels = frame()
    rest = pd.DataFrame(labels[labels["label"] != 3])
    rest.attrs["classes"] = labels.attrs["classes"]
    with pytest.raises(UserError, match="No train shape of class 'class_3'"):
        draw_shots(rest, [1], [1])
