"""Write the tables of README.md and docs/results.md from docs/scores/*.csv: `make docs`.

`python docs/write_results.py demo=results offline=results/offline` first takes the summaries of
the scores in these folders, so that no number is copied by hand. A row names the commit of the
clone that it was measured in; rows that a run does not have stay as they are.
"""

import re
import sys
from pathlib import Path

import pandas as pd

from pointclip.catalog.projections import PROJECTIONS


ROOT = Path(__file__).resolve().parents[1]
FILES = ROOT / "docs" / "scores"
PAGES = [ROOT / "README.md", ROOT / "docs" / "results.md"]
PART = re.compile(r"(<!-- results: (\w+) -->\n).*?(<!-- end -->)", re.S)
EXPERIMENT = ["dataset", "projection", "backbone", "method", "protocol", "shots"]
KEPT = [*EXPERIMENT, "mean", "std", "seeds", "low", "high", "n"]


def take(name: str, results: Path) -> None:
    """Put the summary of a run's scores into docs/scores/{name}.csv."""
    from pointclip.app.cached import load_scores
    from pointclip.evaluation.summary import summarise
    from pointclip.report.run_info import commit

    FILES.mkdir(exist_ok=True)
    file = FILES / f"{name}.csv"
    rows = summarise(load_scores(results))[KEPT].assign(commit=commit(results))
    if file.is_file():
        rows = pd.concat([rows, pd.read_csv(file, dtype={"commit": str})])
        rows = rows.drop_duplicates(EXPERIMENT)
    rows.to_csv(file, index=False, float_format="%.4f", lineterminator="\n")


def demo() -> str:
    """Embedded shapes under `plain`: projections by shots."""
    rows = _read("demo", protocol="plain", method=["zero_shot", "inter_view"])
    return _by_shots(rows, "projection", "projection")


def modelnet40() -> str:
    """ModelNet40 under `plain`: methods by shots."""
    rows = _read("offline", protocol="plain", dataset="modelnet40", projection="pointclip_v2")
    order = ["zero_shot", "inter_view", "linear_probe", "blend", "nearest_mean"]
    rows = rows[rows["method"].isin(order)].sort_values("method", key=lambda c: c.map(order.index))
    return _by_shots(rows, "method", "method")


def projections() -> str:
    """Zero-shot under `plain`: projections by data set."""
    asked = {"protocol": "plain", "method": "zero_shot"}
    rows = pd.concat([_read("demo", **asked), _read("offline", **asked)])
    table = rows.pivot_table("mean", "projection", "dataset", sort=False)
    table = table[[name for name in ("furniture", "modelnet10", "modelnet40") if name in table]]
    cells = table.map(lambda mean: "" if pd.isna(mean) else f"{mean:.1f}")
    return _markdown(cells.rename(index="`{}`".format).rename_axis("projection").reset_index())


def released() -> str:
    """All rows of the demo but other ways to combine views, with their intervals."""
    rows = _read("demo", method=["zero_shot", "inter_view"])
    shown = ["projection", "method", "protocol", "shots", "mean", "std", "low", "high"]
    return _markdown(rows[shown])


def _read(name: str, **wanted: object) -> pd.DataFrame:
    rows = pd.read_csv(FILES / f"{name}.csv")
    for column, value in wanted.items():
        rows = rows[rows[column].isin(value if isinstance(value, list) else [value])]
    order = list(PROJECTIONS)
    return rows.sort_values("projection", key=lambda names: names.map(order.index), kind="stable")


def _by_shots(rows: pd.DataFrame, of: str, heading: str) -> str:
    def cell(row: pd.Series) -> str:
        return f"{row['mean']:.1f}" + ("" if pd.isna(row["std"]) else f" ± {row['std']:.1f}")

    rows = rows.assign(cell=rows.apply(cell, axis=1))
    table = rows.pivot_table("cell", of, "shots", aggfunc="first", sort=False)
    table = table[sorted(table)].fillna("")
    names = {0: "zero-shot", 1: "1 shot"} | {n: f"{n} shots" for n in table if n > 1}
    cells = table.rename(columns=names).rename(index="`{}`".format).rename_axis(heading)
    return _markdown(cells.reset_index().rename_axis(columns=None))


def _markdown(cells: pd.DataFrame) -> str:
    from pointclip.report.table_formats import to_markdown

    return to_markdown(cells)


def filled(page: Path) -> str:
    """A page with its tables as the result files have them."""
    text = page.read_text("utf-8")
    return PART.sub(lambda match: match[1] + globals()[match[2]]() + match[3], text)


if __name__ == "__main__":
    for name, folder in (argument.split("=", 1) for argument in sys.argv[1:]):
        take(name, Path(folder))
    for page in PAGES:
        page.write_text(filled(page), "utf-8")
