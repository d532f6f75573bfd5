import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pointclip.core.errors import UserError
from pointclip.report.table_formats import (
    format_cells,
    to_html,
    to_latex,
    to_markdown,
    to_text,
    write,
)


@pytest.fixture
def summary() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "dataset": ["furniture", "furniture"],
            "projection": ["pointclip_v2", "pointclip_v2"],
            "prompts": ["v2", "v1_few_shot"],
            "backbone": ["iconclip", "iconclip"],
            "method": ["zero_shot", "inter_view"],
            "protocol": ["plain", "plain"],
            "shots": [0, 4],
            "mean": [19.0, 72.0],
            "std": [np.nan, 2.0],
            "seeds": [0, 3],
            "low": [12.0, 67.03],
            "high": [27.0, 76.97],
            "n": [100, 100],
            "published": [19.33, np.nan],
            "delta_vs_published": [-0.33, np.nan],
            "source": ["issue 7", ""],
        }
    )


def test_format_cells_leaves_no_nan(summary: pd.DataFrame) -> None:
    cells = format_cells(summary)
    assert "nan" not in cells.to_csv()
    assert cells["interval"].tolist() == ["12.0 \N{EN DASH} 27.0", "67.0 \N{EN DASH} 77.0"]
    assert cells["seeds"].tolist() == ["", "3"]
    assert cells["delta_vs_published"].tolist() == ["-0.33", ""]
    assert "low" not in cells and "high" not in cells


def test_columns_without_a_value_are_left_out_for_people_but_not_for_machines(
    summary: pd.DataFrame, tmp_path: Path
) -> None:
    summary[["published", "delta_vs_published"]], summary["source"] = np.nan, ""
    assert "Published" in to_markdown(summary.iloc[:0])
    for text in (to_markdown(summary), to_html(summary), to_latex(summary)):
        assert "Published" not in text and "Difference" not in text and "Source" not in text
    write(summary, tmp_path / "table.csv")
    assert "published" in (tmp_path / "table.csv").read_text()


def test_a_table_can_be_a_part_of_a_page(summary: pd.DataFrame) -> None:
    part = to_html(summary, whole=False)
    assert "<table" in part and "<html" not in part


def test_seeds_are_whole_numbers() -> None:
    frame = pd.DataFrame({"seed": [1.0, np.nan], "accuracy": [1.0, 2.0]})
    assert format_cells(frame)["seed"].tolist() == ["1", ""]
    assert format_cells(frame.astype({"seed": "Int64"}))["seed"].tolist() == ["1", ""]


def test_markdown_is_aligned(summary: pd.DataFrame) -> None:
    lines = to_markdown(summary, title="Accuracy", note="A note.").splitlines()
    assert lines[0] == "# Accuracy" and lines[-1] == "A note."
    table = [line for line in lines if line.startswith("|")]
    assert len({len(line) for line in table}) == 1
    assert table[2].count("|") == len(format_cells(summary).columns) + 1


def test_names_from_outside_stay_text() -> None:
    hostile = pd.DataFrame({"class": ["<script>alert(1)</script> a|b\n& 100 % _x_ \\"], "v": [1.0]})
    html = to_html(hostile, title="<b>", note="<i> & </i>")
    assert "<script>" not in html and "<i>" not in html and "<b>" not in html
    assert "&lt;script&gt;" in html
    table = to_markdown(hostile).splitlines()
    assert len(table) == 3 and r"a\|b &" in table[2]
    tex = to_latex(hostile)
    assert r"\& 100 \% \_x\_ \textbackslash{}" in tex


def test_html_is_the_same_every_time(summary: pd.DataFrame) -> None:
    page = to_html(summary, title="Accuracy")
    assert page == to_html(summary, title="Accuracy")
    assert page.count("<table") == 1 and "furniture" in page and "72.00" in page
    assert "Accuracy %" in to_html(summary.iloc[:0])


def test_html_shows_which_numbers_are_not_to_be_quoted(summary: pd.DataFrame) -> None:
    assert "italic" not in to_html(summary).split("<tbody")[1]
    summary.loc[1, "protocol"] = "released"
    rows = to_html(summary).split("<tbody")[1].split("<tr")
    assert [("italic" in row) for row in rows if "pointclip_v2" in row] == [False, True]


def test_long_tables_can_be_filtered(summary: pd.DataFrame) -> None:
    assert "<script>" not in to_html(summary)
    assert to_html(pd.concat([summary] * 11)).count("<script>") == 1


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="pdflatex is not installed")
def test_latex_compiles(summary: pd.DataFrame, tmp_path: Path) -> None:
    write(summary, tmp_path / "table.tex", title="Accuracy", note="100 % of it")
    (tmp_path / "page.tex").write_text(
        "\\documentclass{article}\\usepackage{booktabs}\\begin{document}"
        "\\input{table}\\end{document}"
    )
    call = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    done = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]


def test_latex_is_a_booktabs_table(summary: pd.DataFrame) -> None:
    tex = to_latex(summary, title="Accuracy")
    body = tex[tex.index("\\toprule") : tex.index("\\bottomrule")]
    width = len(format_cells(summary).columns)
    for line in body.splitlines():
        assert (line.startswith("\\") and line.endswith("rule")) or line.count(" & ") == width - 1
    assert r"pointclip\_v2" in tex and "--" in tex


def test_csv_reads_back(summary: pd.DataFrame, tmp_path: Path) -> None:
    write(summary, tmp_path / "deep" / "a.csv")
    back = pd.read_csv(tmp_path / "deep" / "a.csv", keep_default_na=False, na_values=[""])
    assert back["mean"].tolist() == [19.0, 72.0]
    assert list(back) == list(summary)


def test_unknown_suffix(summary: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"'\.xlsx': choose one of \.csv, \.md, \.html, \.tex"):
        write(summary, tmp_path / "a.xlsx")


def test_to_text_says_once_what_is_always_so(summary: pd.DataFrame) -> None:
    text = to_text(summary)
    assert text.startswith("data set furniture, projection pointclip_v2, backbone iconclip\n")
    assert text.count("furniture") == 1
    assert "72.0 \N{PLUS-MINUS SIGN} 2.0" in text
    assert max(map(len, text.splitlines())) <= 110
    assert to_text(summary.iloc[:0])
