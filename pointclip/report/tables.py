"""The scores laid out as a table of a paper."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from pointclip.catalog.point_backbones import points_read
from pointclip.core.errors import UserError, choose
from pointclip.report.table_formats import PLUS_MINUS


def with_points(
    summary: pd.DataFrame, given: Mapping[str, int], backbones: Mapping[str, Mapping[str, Any]]
) -> pd.DataFrame:
    """The summary with a column `points`: how many points of a shape a backbone got.

    Args:
        given: data set -> points of a prepared cloud.
        backbones: their resolved entries, by id.
    """
    pairs = zip(summary["dataset"], summary["backbone"], strict=True)
    return summary.assign(points=[points_read(backbones[b], given[d]) for d, b in pairs])


def pivot(
    summary: pd.DataFrame,
    rows: Sequence[str] = ("method", "projection", "prompts", "backbone"),
    columns: str = "dataset",
    where: Mapping[str, object] | None = None,
    value: str = "mean",
) -> pd.DataFrame:
    """A paper's table: ours in each cell and, where there is one, the published number and the gap.

    The protocol is always a row or a column, so that no cell can mix two of them.

    Args:
        where: column -> value or list of values that are kept.

    Raises:
        UserError: if a name is no column, or several experiments fall into one cell.
    """
    rows = [*rows] if "protocol" in (*rows, columns) else [*rows, "protocol"]
    for name in [*rows, columns, value, *(where or {})]:
        choose(name, summary.columns, "column of a table")
    for name, wanted in (where or {}).items():
        kept = wanted if isinstance(wanted, list | tuple) else [wanted]
        summary = summary[summary[name].isin(kept)]
    twice = summary[summary.duplicated([*rows, columns], keep=False)]
    if len(twice):
        cell = ", ".join(f"{name} {twice.iloc[0][name]}" for name in [*rows, columns])
        raise UserError(
            f"Several experiments fall into one cell ({cell}): add a column to the table's rows "
            "or narrow its selection."
        )
    table = summary[rows].drop_duplicates().reset_index(drop=True)
    for name in summary[columns].drop_duplicates():
        cells = summary[summary[columns] == name]
        names = {value: str(name)}
        if cells["published"].notna().any():
            names["published"] = f"{name} published"
            # A difference to the published number makes sense for a mean only.
            names |= {"delta_vs_published": f"{name} difference"} if value == "mean" else {}
        part = cells[[*rows, *names]].rename(columns=names)
        table = table.merge(part, on=rows, how="left")
    return table


def headline(
    summary: pd.DataFrame, runs: Mapping[str, Mapping[str, Mapping[str, object]]]
) -> pd.DataFrame:
    """The table of the report's first page: a row a method, a column a number of shots.

    Under `plain`, with the projection and the backbone of the experiments that the figures show;
    of the ways to combine views in zero-shot, the mean of cosines.

    Args:
        runs: data set -> kind -> that experiment, as `config.targets.headlines` finds them.
    """
    same = ["dataset", "projection", "backbone"]
    shown = {tuple(run[name] for name in same) for kinds in runs.values() for run in kinds.values()}
    inside = [key in shown for key in summary[same].itertuples(index=False, name=None)]
    kept = summary[np.array(inside, dtype=bool) & (summary["protocol"] == "plain")]
    kept = kept[(kept["shots"] > 0) | (kept["method"] == "zero_shot")]
    rows = ["dataset", "method", "projection", "backbone"]
    table = kept[rows].drop_duplicates().reset_index(drop=True)
    for shots in sorted(kept["shots"].unique()):
        cells = kept[kept["shots"] == shots]
        # Of several prompt sets, the best known one: the last, as the experiments list them.
        cells = cells.drop_duplicates(rows, keep="last")
        text = [
            f"{mean:.1f}" + ("" if pd.isna(std) else f" {PLUS_MINUS} {std:.1f}")
            for mean, std in zip(cells["mean"], cells["std"], strict=True)
        ]
        name = f"{shots} shots" if shots != 1 else "1 shot"
        table = table.merge(cells[rows].assign(**{name: text}), on=rows, how="left")
    return table
