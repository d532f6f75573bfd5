"""Error under corruption: of every corruption and severity, and means of them."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from pointclip.catalog.columns import IDENTITY
from pointclip.catalog.corruptions import FAMILIES, TURNS


FAMILY_OF = {name: family for family, members in FAMILIES.items() for name in members}
FAMILY_OF |= dict.fromkeys(TURNS, "turn")


def corruption_errors(
    scores: pd.DataFrame, corrupted: Mapping[str, Mapping[str, Any]]
) -> pd.DataFrame:
    """The error of every experiment under every corruption, mean over seeds.

    Args:
        scores: score rows, those of the clean data sets too.
        corrupted: id of a corrupted data set -> `base` and `corruption` (`name`, `severity`).

    Returns:
        The columns of IDENTITY, `dataset` being the clean one; `corruption`, `family`, `severity`
        and `error`, `clean_error` in percent. Meshes' corruptions of published files have the
        family "density", as in ModelNet40-C.
    """
    means = scores.groupby(IDENTITY, as_index=False, sort=False)["accuracy"].mean()
    means["error"] = 100 - means.pop("accuracy")
    of = means["dataset"].map(corrupted)
    worse = means[of.notna()].copy()
    entries = of[of.notna()]
    worse["dataset"] = [entry["base"] for entry in entries]
    worse["corruption"] = [entry["corruption"]["name"] for entry in entries]
    worse["family"] = [FAMILY_OF.get(name, "density") for name in worse["corruption"]]
    worse["severity"] = [entry["corruption"]["severity"] for entry in entries]
    clean = means[of.isna()].rename(columns={"error": "clean_error"})
    errors = worse.merge(clean, on=IDENTITY, how="left")
    order = [*FAMILY_OF]
    rank = errors["corruption"].map(lambda name: order.index(name) if name in order else len(order))
    columns = [*IDENTITY, "corruption", "family", "severity", "error", "clean_error"]
    return (
        errors.assign(rank=rank)
        .sort_values([*IDENTITY, "rank", "severity"], kind="stable")[columns]
        .reset_index(drop=True)
    )


def mean_errors(errors: pd.DataFrame) -> pd.DataFrame:
    """One row an experiment: error clean, over all corruptions, by family and by severity.

    Means are over corruptions of their mean over severities. Turns, which have no severity, have
    a column and are no part of the mean.
    """
    rows = []
    for key, of in errors.groupby(IDENTITY, sort=False):
        about = dict(zip(IDENTITY, key, strict=True))
        about["clean_error"] = of["clean_error"].iloc[0]
        real = of[of["family"] != "turn"]
        by_name = real.groupby(["family", "corruption"], sort=False)["error"].mean()
        about["mean_error"] = by_name.mean()
        about |= {f"{family}_error": by_name[family].mean() for family in by_name.index.unique(0)}
        by_severity = real.groupby("severity")["error"].mean()
        about |= {f"severity_{severity}_error": e for severity, e in by_severity.items()}
        turns = of[of["family"] == "turn"].set_index("corruption")["error"]
        rows.append(about | {f"{name}_error": error for name, error in turns.items()})
    return pd.DataFrame(rows, columns=None if rows else [*IDENTITY, "clean_error", "mean_error"])
