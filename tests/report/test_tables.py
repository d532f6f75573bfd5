from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from pointclip.core.errors import UserError
from pointclip.evaluation.published import COLUMNS, read_published
from pointclip.report.tables import (
    IDENTITY,
    bootstrap_interval,
    layout,
    per_seed,
    seed_interval,
    summarise,
)


def rows(accuracies: list[float], seeds: list[int | None], **change: object) -> list[dict]:
    same = {
        **{"dataset": "modelnet40", "projection": "pointclip_zs", "prompts": "v1_zero_shot"},
        **{"backbone": "rn50", "method": "inter_view", "protocol": "plain", "shots": 4},
        **{"top5": 80.0, "mean_class_accuracy": 50.0, "n": 100},
    }
    return [
        same | {"seed": seed, "accuracy": accuracy} | change
        for accuracy, seed in zip(accuracies, seeds, strict=True)
    ]


def zero_shot(accuracy: float, **change: object) -> list[dict]:
    return rows([accuracy], [None], **({"method": "zero_shot", "shots": 0} | change))


@pytest.fixture
def scores() -> pd.DataFrame:
    return pd.DataFrame(
        [
            *rows([70.0, 74.0, 72.0], [3, 1, 2]),
            *rows([80.0, 81.0, 82.0], [1, 2, 3], protocol="released"),
            *zero_shot(20.0, protocol="released"),
            *zero_shot(19.0),
        ]
    )


@pytest.fixture
def published() -> pd.DataFrame:
    cells = {
        **{"table": "t", "method": "zero_shot", "dataset": "modelnet40", "variant": ""},
        **{"projection": "pointclip_zs", "prompts": "v1_zero_shot", "backbone": "rn50"},
        **{"shots": 0, "protocol": "plain", "metric": "top1", "value": 19.33},
        **{"source": "issue 7", "tag": "R", "note": ""},
    }
    return pd.DataFrame([cells], columns=COLUMNS)


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
    assert summary["difference"].tolist()[0] == pytest.approx(-0.33)
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


def test_layout_puts_ours_and_published_side_by_side(
    scores: pd.DataFrame, published: pd.DataFrame
) -> None:
    frame = pd.concat([scores, pd.DataFrame(zero_shot(40.0, dataset="modelnet10"))])
    table = layout(summarise(frame, published), rows=["method"], columns="dataset")
    assert list(table) == [
        *("method", "protocol", "modelnet10"),
        *("modelnet40", "modelnet40 published", "modelnet40 difference"),
    ]
    first = table[(table["method"] == "zero_shot") & (table["protocol"] == "plain")].iloc[0]
    assert first.tolist()[2:] == [40.0, 19.0, 19.33, pytest.approx(-0.33)]
    # Without a published number a cell stays empty, and a spread has no difference.
    others = table[table["protocol"] != "plain"]
    assert others["modelnet40 difference"].isna().all()
    spread = layout(summarise(frame, published), ["method"], "dataset", value="std")
    assert "modelnet40 difference" not in spread
    assert np.isnan(table[table["method"] == "inter_view"]["modelnet10"]).all()


def test_layout_by_protocol_and_selection(scores: pd.DataFrame) -> None:
    summary = summarise(scores)
    table = layout(summary, rows=["method"], columns="protocol")
    assert list(table) == ["method", "plain", "released"]
    assert table["plain"].tolist() == [19.0, 72.0]
    table = layout(summary, rows=["method"], columns="protocol", where={"shots": [4, 8]})
    assert table["method"].tolist() == ["inter_view"]
    assert layout(summary, rows=["method"], where={"protocol": "none"}).empty


def test_the_paper_s_table_sets_protocols_and_the_published_number_side_by_side() -> None:
    entry = yaml.safe_load(Path("config/paper.yaml").read_text())["tables"]["few_shot_protocols"]
    del entry["title"]
    same = {"projection": "pointclip_fs", "prompts": "v1_few_shot", "backbone": "rn101"}
    made = [
        row
        for i, protocol in enumerate(["released", "validation", "plain"])
        for row in rows([80.0 - i, 82.0 - i], [1, 2], shots=16, protocol=protocol, **same)
    ]
    published = read_published("config/published.csv")
    table = layout(summarise(pd.DataFrame(made), published), **entry)
    asked = ["dataset", "backbone", "method", "shots"]
    both = ["released published", "released difference"]
    assert list(table) == [*asked, "plain", "validation", "released", *both]
    assert table.iloc[0].tolist()[4:] == [79.0, 80.0, 81.0, 86.71, pytest.approx(-5.71)]


def test_layout_refuses_what_it_cannot_show(scores: pd.DataFrame) -> None:
    frame = pd.concat([scores, pd.DataFrame(rows([50.0, 51.0], [1, 2], shots=8))])
    with pytest.raises(
        UserError, match=r"one cell \(method inter_view, protocol plain, .*modelnet40"
    ):
        layout(summarise(frame), rows=["method"], columns="dataset")
    for bad in ({"rows": ["metod"]}, {"columns": "x"}, {"where": {"y": 1}}, {"value": "z"}):
        with pytest.raises(UserError, match="Unknown column of a table"):
            layout(summarise(scores), **bad)  # type: ignore[arg-type]


def test_identity_is_what_scores_carry() -> None:
    scores = pytest.importorskip("pointclip.evaluation.score")
    assert scores.IDENTITY == IDENTITY
