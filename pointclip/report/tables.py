"""The scores laid out as a table of a paper."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from pointclip.catalog.point_backbones import points_read
from pointclip.core.errors import UserError, choose


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
