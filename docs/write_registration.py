"""Fill the tables of docs/registration.md from docs/scores/registration/*.csv.

    python docs/write_registration.py [results/registration] [stress.csv …]

With a folder of results, their tables are copied there first; files of benchmarks/
registration_stress.py are put together. A test compares the page with the tables.
"""

import re
import sys
from pathlib import Path

import pandas as pd

from pointclip.catalog.registration import IDENTITY
from pointclip.registration.metrics import LIMITS
from pointclip.report.table_formats import to_markdown


ROOT = Path(__file__).resolve().parents[1]
PAGE, TABLES = ROOT / "docs" / "registration.md", ROOT / "docs" / "scores" / "registration"
BLOCK = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.S)
RECALLS = "RR, % (20° 0.5 m · 10° 0.25 m · 5° 0.1 m)"
STRESS = ["variant", "scene", "pairs", "way"]


def main(arguments: list[str]) -> None:
    given = [Path(text) for text in arguments]
    for folder in (path for path in given if path.is_dir()):
        for path in [*folder.glob("ablations/*.csv"), folder / "tables/registration.csv"]:
            pd.read_csv(path).to_csv(TABLES / path.name, index=False, float_format="%.3f")
    if files := [path for path in given if path.is_file()]:
        table = pd.concat([pd.read_csv(path, keep_default_na=False) for path in files])
        table.to_csv(TABLES / "stress.csv", index=False)
    PAGE.write_text(filled(PAGE.read_text("utf-8")), encoding="utf-8")


def filled(page: str) -> str:
    """The page with every block between its marks made anew."""
    return BLOCK.sub(lambda found: f"{found[1]}\n{block(found[2])}\n{found[3]}", page)


def block(name: str) -> str:
    """One table as Markdown."""
    if name in ("stress", "cloud"):
        return stress(name == "cloud")
    path = TABLES / f"{name}.csv"
    if not path.is_file():
        return f"*Not run yet; `results/registration/` gets it from the rule of `{name}`.*\n"
    table = pd.read_csv(path, keep_default_na=False, na_values=[""])
    keys = [key for key in ("pairs", "features", "solver") if table[key].nunique() > 1]
    shown = table[keys].copy()
    identity = table["features"] == IDENTITY
    shown["IR, %"] = [format_(x, 1) for x in table["inlier_ratio"]]
    shown[RECALLS] = recalls(table)
    shown["rotation, °"] = [format_(x, 2) for x in table["rotation_error_deg"]]
    shown["translation, m"] = [format_(x, 3) for x in table["translation_error_m"]]
    shown["CPU ms a pair"] = [format_(1000 * x, 0) for x in table["seconds_per_pair"]]
    shown.loc[identity, "CPU ms a pair"] = ""
    return to_markdown(shown)


def stress(cloud: bool) -> str:
    """The stress table: a row a variant, both ways side by side; or only the merged clouds."""
    table = pd.read_csv(TABLES / "stress.csv", keep_default_na=False)
    table = table[(table["variant"] == "merged cloud") == cloud]
    if table.empty:
        return "*Not run yet.*\n"
    for name in LIMITS:
        table[name] *= table["n"]
    table = table.groupby(STRESS, sort=False).sum().reset_index()
    for name in LIMITS:
        table[name] /= table["n"]
    table[RECALLS] = recalls(table)
    if cloud:
        return to_markdown(table[["scene", "n", RECALLS]].rename(columns={"n": "photos"}))
    wide = table.pivot_table(
        RECALLS, ["variant", "scene", "pairs", "n"], "way", aggfunc="first", sort=False
    )
    return to_markdown(wide.reset_index().rename(columns={"n": "number"}))


def recalls(table: pd.DataFrame) -> list[str]:
    rows = table[list(LIMITS)].itertuples(index=False)
    return [" · ".join(f"{recall:.1f}" for recall in row) for row in rows]


def format_(number: float, digits: int) -> str:
    return "" if pd.isna(number) else f"{number:.{digits}f}"


if __name__ == "__main__":
    main(sys.argv[1:])
