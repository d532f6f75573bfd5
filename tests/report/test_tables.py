import numpy as np
import pandas as pd
import pytest
import yaml
from places import REPOSITORY
from score_rows import rows, zero_shot

from pointclip.catalog.backbones import resolve_backbone
from pointclip.core.errors import UserError
from pointclip.evaluation.published import read_published
from pointclip.evaluation.summary import summarise
from pointclip.report.tables import headline, pivot, with_points


def test_pivot_puts_ours_and_published_side_by_side(
    scores: pd.DataFrame, published: pd.DataFrame
) -> None:
    frame = pd.concat([scores, pd.DataFrame(zero_shot(40.0, dataset="modelnet10"))])
    table = pivot(summarise(frame, published), rows=["method"], columns="dataset")
    assert list(table) == [
        *("method", "protocol", "modelnet10"),
        *("modelnet40", "modelnet40 published", "modelnet40 difference"),
    ]
    first = table[(table["method"] == "zero_shot") & (table["protocol"] == "plain")].iloc[0]
    assert first.tolist()[2:] == [40.0, 19.0, 19.33, pytest.approx(-0.33)]
    # Without a published number a cell stays empty, and a spread has no difference.
    others = table[table["protocol"] != "plain"]
    assert others["modelnet40 difference"].isna().all()
    spread = pivot(summarise(frame, published), ["method"], "dataset", value="std")
    assert "modelnet40 difference" not in spread
    assert np.isnan(table[table["method"] == "inter_view"]["modelnet10"]).all()


def test_pivot_by_protocol_and_selection(scores: pd.DataFrame) -> None:
    summary = summarise(scores)
    table = pivot(summary, rows=["method"], columns="protocol")
    assert list(table) == ["method", "plain", "released"]
    assert table["plain"].tolist() == [19.0, 72.0]
    table = pivot(summary, rows=["method"], columns="protocol", where={"shots": [4, 8]})
    assert table["method"].tolist() == ["inter_view"]
    assert pivot(summary, rows=["method"], where={"protocol": "none"}).empty


def test_the_paper_s_table_sets_protocols_and_the_published_number_side_by_side() -> None:
    paper = yaml.safe_load((REPOSITORY / "config/paper.yaml").read_text())
    entry = paper["tables"]["few_shot_protocols"]
    del entry["title"]
    same = {"projection": "pointclip_fs", "prompts": "v1_few_shot", "backbone": "rn101"}
    made = [
        row
        for i, protocol in enumerate(["released", "validation", "plain"])
        for row in rows([80.0 - i, 82.0 - i], [1, 2], shots=16, protocol=protocol, **same)
    ]
    published = read_published(REPOSITORY / "config/published.csv")
    table = pivot(summarise(pd.DataFrame(made), published), **entry)
    asked = ["dataset", "backbone", "method", "shots"]
    both = ["released published", "released difference"]
    assert list(table) == [*asked, "plain", "validation", "released", *both]
    assert table.iloc[0].tolist()[4:] == [79.0, 80.0, 81.0, 86.71, pytest.approx(-5.71)]


def test_pivot_refuses_what_it_cannot_show(scores: pd.DataFrame) -> None:
    frame = pd.concat([scores, pd.DataFrame(rows([50.0, 51.0], [1, 2], shots=8))])
    with pytest.raises(
        UserError, match=r"one cell \(method inter_view, protocol plain, .*modelnet40"
    ):
        pivot(summarise(frame), rows=["method"], columns="dataset")
    for bad in ({"rows": ["metod"]}, {"columns": "x"}, {"where": {"y": 1}}, {"value": "z"}):
        with pytest.raises(UserError, match="Unknown column of a table"):
            pivot(summarise(scores), **bad)  # type: ignore[arg-type]


def test_a_table_says_how_many_points_a_backbone_got() -> None:
    frame = pd.DataFrame(
        [
            row
            for dataset in ("few", "many")
            for backbone in ("rn50", "openshape_b32", "uni3d_b")
            for row in zero_shot(50.0, dataset=dataset, backbone=backbone)
        ]
    )
    names = frame["backbone"].unique()
    entries = {name: resolve_backbone(name) for name in names}
    summary = with_points(summarise(frame), {"few": 2048, "many": 20_000}, entries)
    table = pivot(summary, rows=["dataset", "backbone", "points"], columns="method")
    found = {(d, b): p for d, b, p in table[["dataset", "backbone", "points"]].to_numpy().tolist()}
    assert found == {
        ("few", "rn50"): 2048,
        ("few", "openshape_b32"): 10_000,
        ("few", "uni3d_b"): 2048,
        ("many", "rn50"): 20_000,
        ("many", "openshape_b32"): 10_000,
        ("many", "uni3d_b"): 10_000,
    }


def test_the_headline_has_a_column_for_each_number_of_shots() -> None:
    few = {"method": "inter_view", "projection": "pointclip_v2"}
    frame = pd.DataFrame(
        zero_shot(40.0, projection="pointclip_v2")
        + zero_shot(41.0, projection="pointclip_v2", method="zero_shot_softmax")
        + zero_shot(9.0)  # another projection
        + rows([60.0, 62.0], [1, 2], **few)
        + rows([50.0], [1], **few, protocol="released")
        + rows([70.0, 70.0], [1, 2], **few, shots=8)
    )
    same = {"dataset": "modelnet40", "projection": "pointclip_v2", "backbone": "rn50"}
    table = headline(summarise(frame), {"modelnet40": {"zero_shot": same, "few_shot": same}})
    assert list(table.columns[-3:]) == ["0 shots", "4 shots", "8 shots"]
    assert table["method"].tolist() == ["zero_shot", "inter_view"]
    assert table.iloc[0, -3:].fillna("").tolist() == ["40.0", "", ""]
    assert table.iloc[1, -3:].fillna("").tolist() == ["", "61.0 ± 1.4", "70.0 ± 0.0"]
    assert headline(summarise(frame), {}).empty
