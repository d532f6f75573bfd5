"""Published numbers (config/published.csv), matched to our scores."""

import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from pointclip.catalog.columns import IDENTITY
from pointclip.catalog.protocols import PROTOCOLS
from pointclip.core.errors import UserError, choose


COLUMNS = [
    *("table", "method", "dataset", "variant", "projection", "prompts", "backbone", "shots"),
    *("protocol", "metric", "value", "source", "certainty", "note"),
]
# Read in the source; arithmetic on such values; reported by a third party.
CERTAINTIES = ["verified", "derived", "reported"]
METRICS = [
    *("top1", "top3", "top5", "iou", "map25", "map50"),
    # Of registration; there `dataset` is the pairs, `backbone` the features, `method` the solver.
    *("inlier_ratio", "inlier_number", "feature_matching_recall", "registration_recall"),
]
COUNTS = ["inlier_number"]  # all other metrics are in percent
NUMBER = re.compile(r"\d+(\.\d+)?")


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
        choose(cells["certainty"], CERTAINTIES, f"certainty {here}:")
        choose(cells["protocol"], [*PROTOCOLS, "unstated"], f"protocol {here}:")
        choose(cells["metric"], METRICS, f"metric {here}:")
        if not cells["source"]:
            raise UserError(f"No source {here}: a number without one is not shown.")
        number = NUMBER.fullmatch(cells["value"])
        if not number or (float(cells["value"]) > 100 and cells["metric"] not in COUNTS):
            raise UserError(f"'{cells['value']}' {here} is no value from 0 to 100.")
        if not cells["shots"].isdecimal():
            raise UserError(f"'{cells['shots']}' {here} is no number of shots.")
    return frame.assign(value=frame["value"].astype(float), shots=frame["shots"].astype(int))


def dataset_ids(published: pd.DataFrame) -> pd.Series:
    """The data set's id as a config has it: `scanobjectnn_obj_only` for variant `obj_only`."""
    variant = published["variant"].where(published["variant"] == "", "_" + published["variant"])
    return published["dataset"] + variant


def match(row: Mapping[str, object], published: pd.DataFrame) -> pd.Series | None:
    """The published top-1 accuracy for a score row, or None.

    All of dataset, projection, prompts, backbone, method, protocol and shots must be equal. `*`
    in the table stands for any; an empty cell stands for "not known", which equals nothing, so
    such a number is never set against one of ours. The first row that fits is taken.
    """
    fits = published["metric"] == "top1"
    for key in IDENTITY:
        cells = dataset_ids(published) if key == "dataset" else published[key].astype(str)
        fits &= (cells != "") & ((cells == str(row[key])) | (cells == "*"))
    return published[fits].iloc[0] if fits.any() else None


def join_published(rows: pd.DataFrame, published: pd.DataFrame | None) -> pd.DataFrame:
    """Add `published` (value or empty) and `source` to score rows."""
    values: list[float | None] = []
    sources: list[str] = []
    found: dict[tuple, pd.Series | None] = {}
    for row in rows[IDENTITY].to_dict("records"):
        row["shots"] = int(row["shots"])
        key = tuple(row.values())
        if key not in found:
            found[key] = None if published is None else match(row, published)
        number = found[key]
        values.append(None if number is None else float(number["value"]))
        sources.append("" if number is None else str(number["source"]))
    return rows.assign(
        published=pd.Series(values, index=rows.index, dtype=float),
        source=pd.Series(sources, index=rows.index, dtype=str),
    )
