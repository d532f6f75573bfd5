"""Published numbers (config/published.csv) and which of them a score of ours may stand beside."""

import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from pointclip.core.errors import UserError, choose


COLUMNS = [
    *("table", "method", "dataset", "variant", "projection", "prompts", "backbone", "shots"),
    *("protocol", "metric", "value", "source", "tag", "note"),
]
# V: read in the source. A: arithmetic on such values. R: reported by a third party.
TAGS = ["V", "A", "R"]
PROTOCOLS = ["plain", "validation", "released", "unstated"]
METRICS = ["top1", "top3", "top5", "iou", "map25", "map50"]
NUMBER = re.compile(r"\d+(\.\d+)?")
KEYS = ["dataset", "projection", "prompts", "backbone", "method", "protocol", "shots"]


def read_published(path: str | Path) -> pd.DataFrame:
    """Read the table of published numbers and check it, cell by cell where it matters.

    Raises:
        UserError: naming the row, if a column is missing or a cell holds what it must not.
    """
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    except FileNotFoundError as error:
        raise UserError(f"{path} does not exist.") from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is no CSV table ({str(error).strip()}).") from error
    missing = [column for column in COLUMNS if column not in frame]
    if missing:
        raise UserError(
            f"{path} lacks the column '{missing[0]}': its columns are {', '.join(COLUMNS)}."
        )
    for row, cells in enumerate(frame.to_dict("records"), start=2):
        here = f"in line {row} of {path}"
        choose(cells["tag"], TAGS, f"tag {here}:")
        choose(cells["protocol"], PROTOCOLS, f"protocol {here}:")
        choose(cells["metric"], METRICS, f"metric {here}:")
        if not cells["source"]:
            raise UserError(f"No source {here}: a number without one is not shown.")
        if not NUMBER.fullmatch(cells["value"]) or float(cells["value"]) > 100:
            raise UserError(f"'{cells['value']}' {here} is no value from 0 to 100.")
        if not cells["shots"].isdecimal():
            raise UserError(f"'{cells['shots']}' {here} is no number of shots.")
    return frame.assign(value=frame["value"].astype(float), shots=frame["shots"].astype(int))


def dataset_ids(published: pd.DataFrame) -> pd.Series:
    """The data set's id as a config has it: `scanobjectnn_obj_only` for variant `obj_only`."""
    variant = published["variant"].where(published["variant"] == "", "_" + published["variant"])
    return published["dataset"] + variant


def lookup(row: Mapping[str, object], published: pd.DataFrame) -> pd.Series | None:
    """The published top-1 accuracy for a score row, or None.

    All of dataset, projection, prompts, backbone, method, protocol and shots must be equal. `*`
    in the table stands for any; an empty cell stands for "not known", which equals nothing, so
    such a number is never set against one of ours. The first row that fits is taken.
    """
    fits = published["metric"] == "top1"
    for key in KEYS:
        cells = dataset_ids(published) if key == "dataset" else published[key].astype(str)
        fits &= (cells != "") & ((cells == str(row[key])) | (cells == "*"))
    return published[fits].iloc[0] if fits.any() else None


def attach(rows: pd.DataFrame, published: pd.DataFrame | None) -> pd.DataFrame:
    """Add `published` (value or empty) and `source` to score rows."""
    values: list[float | None] = []
    sources: list[str] = []
    found: dict[tuple, pd.Series | None] = {}
    for row in rows[KEYS].to_dict("records"):
        row["shots"] = int(row["shots"])
        key = tuple(row.values())
        if key not in found:
            found[key] = None if published is None else lookup(row, published)
        match = found[key]
        values.append(None if match is None else float(match["value"]))
        sources.append("" if match is None else str(match["source"]))
    return rows.assign(
        published=pd.Series(values, index=rows.index, dtype=float),
        source=pd.Series(sources, index=rows.index, dtype=str),
    )
