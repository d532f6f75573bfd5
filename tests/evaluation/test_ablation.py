import pandas as pd
import pytest

from pointclip.core.errors import UserError
from pointclip.evaluation.ablation import compare, describe, select


def scores(values: dict[str, list[float]], **change: object) -> pd.DataFrame:
    same = {
        **{"dataset": "furniture", "prompts": "v2", "backbone": "iconclip"},
        **{"method": "inter_view", "protocol": "plain", "shots": 4},
        **{"top5": 80.0, "mean_class_accuracy": 50.0, "n": 100},
    }
    return pd.DataFrame(
        same | {"projection": name, "seed": seed, "accuracy": accuracy} | change
        for name, accuracies in values.items()
        for seed, accuracy in enumerate(accuracies)
    )


FAR = {"b": [50.0, 51.0, 52.0], "a": [70.0, 71.0, 72.0]}


def test_compare_keeps_the_order_and_counts_from_its_first() -> None:
    table = compare(scores(FAR), "projection")
    assert table["projection"].tolist() == ["b", "a"]
    assert table["delta_vs_first"].tolist() == [0.0, 20.0]
    table = compare(scores(FAR), "projection", order=["a", "b"])
    assert table["projection"].tolist() == ["a", "b"]
    assert table["delta_vs_first"].tolist() == [0.0, -20.0]


def test_compare_starts_anew_in_every_protocol() -> None:
    both = pd.concat(
        [scores(FAR), scores({"b": [60.0, 61.0], "a": [61.0, 62.0]}, protocol="released")]
    )
    assert compare(both, "projection")["delta_vs_first"].tolist() == [0.0, 20.0, 0.0, 1.0]


def test_a_value_that_the_order_forgot_goes_last() -> None:
    assert compare(scores(FAR), "projection", order=["a"])["projection"].tolist() == ["a", "b"]


def test_sentences_say_what_chance_allows() -> None:
    far = describe(compare(scores(FAR), "projection"), "projection")
    assert far == (
        "- protocol plain: of 2 values of projection, a is best with 71.0 % and b worst with "
        "51.0 %, 20.0 points apart; its 95 % interval overlaps with no other.\n"
    )
    near = FAR | {"c": [69.0, 70.0, 71.0]}
    assert "overlaps with that of c." in describe(compare(scores(near), "projection"), "projection")
    tie = {"a": [1.0, 9.0], "b": [2.0, 9.0]}
    assert "every other one" in describe(compare(scores(tie), "projection"), "projection")


def test_sentences_for_little_data() -> None:
    assert "single seed" in describe(
        compare(scores({"a": [1.0], "b": [2.0]}), "projection"), "projection"
    )
    assert "only a was tried" in describe(
        compare(scores({"a": [1.0, 2.0]}), "projection"), "projection"
    )
    empty = compare(scores(FAR).iloc[:0], "projection")
    assert empty.empty and "no score yet" in describe(empty, "projection")


def test_a_tie_has_no_best() -> None:
    tie = compare(scores({"a": [50.0, 52.0], "b": [51.0, 51.0]}), "projection")
    assert describe(tie, "projection") == (
        "- protocol plain: all 2 values of projection reach 51.0 %.\n"
    )


def test_seeds_stand_for_themselves_where_they_vary() -> None:
    seeds = scores({"a": [50.0, 70.0, 90.0]})
    apart, by, order = select(seeds, {"seed": [0, 2]})
    table = compare(apart, by, order)
    assert table[by].tolist() == ["seed 0", "seed 2"]
    assert table["mean"].tolist() == [50.0, 90.0] and table["delta_vs_first"].tolist() == [
        0.0,
        40.0,
    ]
    # With a single seed in each row, the interval is that over the 100 test shapes.
    assert (table["low"] < table["mean"]).all() and (table["seeds"] == 0).all()
    assert "seed 2 is best with 90.0 %" in describe(table, by)


def test_an_adapter_is_the_method_of_its_scores() -> None:
    some = scores(FAR)
    same, by, order = select(some, {"adapter": ["inter_view"]})
    assert same is some and (by, list(order)) == ("method", ["inter_view"])


def test_numbers_vary_too() -> None:
    frame = pd.concat([scores({"a": [50.0, 51.0]}, shots=k) for k in (16, 2)])
    table = compare(frame, "shots", order=[2, 16])
    assert table["shots"].tolist() == [2, 16]


def test_an_unknown_column_is_named() -> None:
    with pytest.raises(UserError, match="Unknown column of an ablation 'view'"):
        compare(scores(FAR), "view")
