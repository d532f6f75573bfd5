from pathlib import Path

import pandas as pd
import pytest
from places import REPOSITORY

from pointclip.catalog.columns import IDENTITY
from pointclip.core.errors import UserError
from pointclip.evaluation.published import (
    COLUMNS,
    dataset_ids,
    join_published,
    match,
    read_published,
)


TABLE = REPOSITORY / "config" / "published.csv"
ROW = {
    **{"dataset": "modelnet40", "projection": "pointclip_zs", "prompts": "v1_zero_shot"},
    **{"backbone": "rn50", "method": "zero_shot", "protocol": "plain", "shots": 0},
}


@pytest.fixture(scope="module")
def published() -> pd.DataFrame:
    return read_published(TABLE)


def write(path: Path, **cells: str) -> Path:
    row = {"table": "t", **{k: str(v) for k, v in ROW.items()}, "variant": "", "metric": "top1"}
    row |= {"value": "19.33", "source": "somewhere", "certainty": "reported", "note": ""} | cells
    pd.DataFrame([row]).to_csv(path, index=False)
    return path


def test_the_table_is_sound(published: pd.DataFrame) -> None:
    assert list(published) == COLUMNS
    assert len(published) > 150
    assert set(published["certainty"]) == {"verified", "derived", "reported"}
    # What is compared names every column; a half-known setting may be read but matches nothing.
    assert not published[["table", "method", "dataset", "source"]].eq("").any().any()


@pytest.mark.parametrize(
    ("change", "value", "source"),
    [
        ({}, 19.33, "PointCLIP issue 7"),
        ({"protocol": "released"}, 20.18, "PointCLIP issue 7"),
        (
            {"projection": "pointclip_fs", "prompts": "v1_few_shot", "backbone": "rn101"}
            | {"method": "inter_view", "protocol": "released", "shots": 16},
            86.71,
            "PointCLIP README",
        ),
        (
            {"projection": "pointclip_v2", "prompts": "v2", "backbone": "vit_b_16"}
            | {"protocol": "released"},
            64.26,
            "PointCLIP V2 README",
        ),
    ],
)
def test_match_finds_the_exact_targets(
    published: pd.DataFrame, change: dict, value: float, source: str
) -> None:
    found = match(ROW | change, published)
    assert found is not None
    assert (found["value"], found["source"]) == (value, source)


@pytest.mark.parametrize(
    "change",
    [
        {"protocol": "validation"},
        {"backbone": "iconclip"},
        {"projection": "v2_grid16"},
        {"shots": 1},
        {"dataset": "modelnet10", "protocol": "released", "backbone": ""},
    ],
)
def test_another_setting_has_no_published_number(published: pd.DataFrame, change: dict) -> None:
    assert match(ROW | change, published) is None


def test_a_variant_is_part_of_the_data_set(published: pd.DataFrame) -> None:
    assert "scanobjectnn_obj_only" in set(dataset_ids(published))
    found = match(ROW | {"dataset": "scanobjectnn_obj_only"}, published)
    assert found is not None and found["value"] == 10.5
    # The paper's 15.38 does not say which variant it is of, so it is set against none.
    assert (
        match(ROW | {"dataset": "scanobjectnn_obj_only", "protocol": "released"}, published) is None
    )


def test_any_and_not_known(tmp_path: Path) -> None:
    anything = read_published(write(tmp_path / "any.csv", prompts="*"))
    assert match(ROW | {"prompts": "mine"}, anything) is not None
    unknown = read_published(write(tmp_path / "unknown.csv", prompts=""))
    assert match(ROW, unknown) is None
    assert match(ROW | {"prompts": ""}, unknown) is None


def test_join_published_leaves_empty_what_was_not_published(published: pd.DataFrame) -> None:
    out = join_published(pd.DataFrame([ROW, ROW | {"dataset": "furniture"}]), published)
    assert out["published"].tolist()[0] == 19.33
    assert out["published"].isna().tolist() == [False, True]
    assert out["source"].tolist()[1] == ""
    assert list(out[IDENTITY].iloc[0]) == [ROW[key] for key in IDENTITY]


def test_join_published_without_a_table_or_rows(published: pd.DataFrame) -> None:
    assert join_published(pd.DataFrame([ROW]), None)["published"].isna().all()
    assert join_published(pd.DataFrame(columns=IDENTITY), published).empty


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"certainty": "M"}, "certainty in line 2 of .* 'M': choose one of verified, derived"),
        ({"protocol": "best"}, "'best'"),
        ({"metric": "f1"}, "'f1'"),
        ({"value": "about 16"}, "'about 16' in line 2"),
        ({"value": "nan"}, "'nan' in line 2"),
        ({"value": "620"}, "'620'"),
        ({"shots": "1.5"}, "'1.5'"),
        ({"shots": ""}, "shots"),
        ({"source": ""}, "No source in line 2"),
    ],
)
def test_bad_cells_are_named(tmp_path: Path, cells: dict, words: str) -> None:
    with pytest.raises(UserError, match=words):
        read_published(write(tmp_path / "bad.csv", **cells))


def test_bad_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        read_published(tmp_path / "none.csv")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(UserError, match="no CSV table"):
        read_published(tmp_path / "empty.csv")
    (tmp_path / "short.csv").write_text("table,method\na,b\n")
    with pytest.raises(UserError, match="lacks the column 'dataset'"):
        read_published(tmp_path / "short.csv")
