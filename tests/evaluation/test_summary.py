import pandas as pd
import pytest
from score_rows import zero_shot

from pointclip.core.errors import UserError
from pointclip.evaluation.summary import per_seed, summarise


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
