"""Write the tables of docs/parts.md from the results of config/parts.yaml.

    python docs/write_parts.py results/parts/tables

The tables' CSV files are kept beside the page; without a folder the page is written from these.
Between the markers `<!-- NAME -->` and `<!-- end -->` of the page stand a table of all experiments
(`parts`), one for each setting (`ablation: SETTING`), and the figures that its sentences quote.
"""

import re
import shutil
import sys
from pathlib import Path

import pandas as pd

from pointclip.report.table_formats import to_markdown


ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "parts.md"
FILES = ("parts.csv", "part_ablations.csv")
MARKED = re.compile(r"(<!-- (?P<what>[^>]+?) -->\n).*?(<!-- end -->)", re.DOTALL)
# Columns that are the same in every row of the part set stand in the text.
SHOWN = ["projection", "patches", "segmenter", "protocol", "shots", "iou_present", "low", "high"]
SHOWN += ["std", "seeds", "iou_released", "accuracy", "instance_iou"]


def write(page: str, parts: pd.DataFrame, ablations: pd.DataFrame) -> str:
    """The page with every table written anew.

    Raises:
        KeyError: if a marker names a table that there is not.
    """

    def table(found: re.Match[str]) -> str:
        kind, _, name = found["what"].partition(": ")
        if kind == "parts":
            rows = parts[parts["part_dataset"] == name][SHOWN]
        elif kind == "ablation" and (ablations["setting"] == name).any():
            rows = ablations[ablations["setting"] == name].drop(columns="setting")
        else:
            raise KeyError(found["what"])
        return found[1] + to_markdown(rows.reset_index(drop=True)).strip() + "\n" + found[3]

    return MARKED.sub(table, page)


def kept() -> tuple[pd.DataFrame, pd.DataFrame]:
    """The two tables that the page was written from. Words may be `none`, empty cells are empty."""
    parts, ablations = (
        pd.read_csv(ROOT / "docs" / name, keep_default_na=False, na_values=[""]) for name in FILES
    )
    return parts.fillna({"projection": "", "backbone": "", "patches": ""}), ablations


if __name__ == "__main__":
    for folder in sys.argv[1:]:
        for name in FILES:
            shutil.copyfile(Path(folder) / name, ROOT / "docs" / name)
    PAGE.write_text(write(PAGE.read_text(), *kept()))
