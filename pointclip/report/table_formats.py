"""A table as a document: CSV for machines; Markdown, HTML and LaTeX for people."""

from html import escape
from pathlib import Path

import pandas as pd

from pointclip.catalog.columns import HEADINGS
from pointclip.core.atomic import write_text
from pointclip.core.errors import choose
from pointclip.core.extras import require


# In a long table: a field above it that keeps the rows with all of the words typed.
FILTER = """<p><input id="words" type="search" size="60" style="font: inherit; padding: 4px"
 placeholder="Show only rows with these words: inter_view plain 16"></p>
<script>
document.getElementById("words").addEventListener("input", (event) => {
  const words = event.target.value.toLowerCase().split(/\\s+/);
  let group = "";
  for (const row of document.querySelectorAll("tbody tr")) {
    const heading = row.classList.contains("gt_group_heading_row");
    if (heading) group = row.textContent.toLowerCase();
    const text = group + " " + row.textContent.toLowerCase();
    row.hidden = !heading && !words.every((word) => text.includes(word));
  }
});
</script>
"""
FILTER_FROM = 20
RANGE = "\N{EN DASH}"
PLUS_MINUS = "\N{PLUS-MINUS SIGN}"


def write(frame: pd.DataFrame, path: str | Path, title: str = "", note: str = "") -> None:
    """Write `frame` as .csv, .md, .html or .tex, by the suffix of `path`."""
    suffix = choose(Path(path).suffix, [".csv", ".md", ".html", ".tex"], "suffix of a table")
    if suffix == ".csv":
        text = frame.to_csv(index=False, float_format="%.4f", lineterminator="\n")
    else:
        text = {".md": to_markdown, ".html": to_html, ".tex": to_latex}[suffix](frame, title, note)
    write_text(text, path)


def format_cells(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame as strings: two decimals, the interval in one column, empty for what is not.

    Columns that are empty in all rows are left out.
    """
    out = pd.DataFrame(index=frame.index)
    for name in frame:
        cells = frame[name]
        if name == "low" and "high" in frame:
            ends = zip(cells, frame["high"], strict=True)
            out["interval"] = [
                "" if pd.isna(low) else f"{low:.1f} {RANGE} {high:.1f}" for low, high in ends
            ]
        elif name == "high" and "low" in frame:
            continue
        elif name == "seeds":
            out[name] = ["" if not count else str(count) for count in cells]
        elif cells.dtype.kind == "f" and name not in ("seed", "shots"):
            form = (
                "+.2f"
                if str(name).endswith(("difference", "delta_vs_published", "delta_vs_first"))
                else ".2f"
            )
            out[name] = ["" if pd.isna(x) else f"{x:{form}}" for x in cells]
        else:
            whole = cells.dtype.kind == "f"
            out[name] = ["" if pd.isna(x) else str(int(x) if whole else x) for x in cells]
    return out[[name for name in out if not len(out) or out[name].astype(bool).any()]]


def heading(name: str) -> str:
    """A column's name as a reader sees it; ids and names unknown here stay as they are."""
    return HEADINGS.get(name, name)


def to_markdown(frame: pd.DataFrame, title: str = "", note: str = "") -> str:
    """A Markdown table, padded so that it reads well as plain text too."""
    cells = format_cells(frame)
    numeric = [_is_number(cells[name]) for name in cells]
    rows = [[heading(str(name)) for name in cells], *cells.to_numpy().tolist()]
    rows = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    widths = [max(3, *(len(row[i]) for row in rows)) for i in range(len(cells.columns))]
    rule = [
        "-" * (w - 1) + ":" if right else "-" * w for w, right in zip(widths, numeric, strict=True)
    ]
    lines = []
    for row in [rows[0], rule, *rows[1:]]:
        padded = [
            cell.rjust(w) if right else cell.ljust(w)
            for cell, w, right in zip(row, widths, numeric, strict=True)
        ]
        lines.append("| " + " | ".join(padded) + " |")
    parts = [f"# {title}" if title else "", "\n".join(lines), note]
    return "\n\n".join(part for part in parts if part) + "\n"


def to_html(frame: pd.DataFrame, title: str = "", note: str = "", whole: bool = True) -> str:
    """One table, rows grouped by data set: a page of its own, or (not `whole`) a part of one."""
    require("great_tables", "workflow", "A table in HTML")
    from great_tables import GT, html, loc, style

    cells = format_cells(frame)
    group = "dataset" if "dataset" in cells and len(cells) else None
    # A fixed id: great_tables makes a random one otherwise, and no two runs would be equal.
    table = GT(cells, id="pointclip", groupname_col=group)
    table = table.cols_label({name: heading(str(name)) for name in cells if name != group})
    table = table.cols_align("left")
    table = table.cols_align("right", [name for name in cells if _is_number(cells[name])])
    table = table.opt_row_striping().tab_options(
        table_font_size="13px",
        table_width="100%",
        row_group_font_weight="bold",
        column_labels_font_weight="bold",
        data_row_padding="4px",
    )
    if "protocol" in cells:
        # Chosen on test labels: there to be compared, not to be quoted.
        released = [i for i, protocol in enumerate(cells["protocol"]) if protocol == "released"]
        grey = style.text(color="#6b6b6b", style="italic")
        table = table.tab_style(grey, loc.body(rows=released)) if released else table
    if title:
        table = table.tab_header(title)
    if note:
        table = table.tab_source_note(html(escape(note.strip(), quote=False).replace("\n", "<br>")))
    if not whole:
        return table.as_raw_html()
    page = table.as_raw_html(make_page=True)
    return page.replace("<body>", f"<body>\n{FILTER}", 1) if len(cells) > FILTER_FROM else page


def to_latex(frame: pd.DataFrame, title: str = "", note: str = "") -> str:
    """A `booktabs` table, to be included in a paper."""
    cells = format_cells(frame)
    columns = "".join("r" if _is_number(cells[name]) else "l" for name in cells)
    rows = [[heading(str(name)) for name in cells], *cells.to_numpy().tolist()]
    lines = [" & ".join(_tex(cell) for cell in row) + r" \\" for row in rows]
    body = [r"\toprule", lines[0], r"\midrule", *lines[1:], r"\bottomrule"]
    caption = [rf"\caption{{{_tex(title)}}}"] if title else []
    notes = [rf"\par\smallskip\footnotesize {_tex(note)}"] if note else []
    begin = [r"\begin{table}", r"\centering", *caption, rf"\begin{{tabular}}{{{columns}}}"]
    return "\n".join([*begin, *body, r"\end{tabular}", *notes, r"\end{table}", ""])


def to_text(summary: pd.DataFrame) -> str:
    """A summary for a terminal of about 100 columns: what is equal in all rows stands on top."""
    cells = summary.reset_index(drop=True)
    names = [n for n in ("dataset", "projection", "prompts", "backbone") if n in cells]
    same = [n for n in names if len(cells) > 1 and cells[n].nunique() == 1]
    head = ", ".join(f"{heading(n).lower()} {cells[n].iloc[0]}" for n in same)
    accuracy = [
        f"{mean:.1f}" + ("" if pd.isna(std) else f" {PLUS_MINUS} {std:.1f}")
        for mean, std in zip(cells["mean"], cells["std"], strict=True)
    ]
    keep = [n for n in [*names, "method", "protocol", "shots", "seeds"] if n not in same]
    table = cells[keep].assign(**{"accuracy": accuracy}, low=cells["low"], high=cells["high"])
    if cells["published"].notna().any():
        table = table.assign(published=cells["published"])
    return (f"{head}\n\n" if head else "") + to_markdown(table)


def _is_number(cells: pd.Series) -> bool:
    first = [cell for cell in cells if cell]
    return bool(first) and all(cell[0].isdigit() or cell[0] in "+-" for cell in first)


def _tex(text: str) -> str:
    special = {c: f"\\{c}" for c in "&%$#_{}"} | {
        **{"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"},
        **{RANGE: "--", PLUS_MINUS: r"$\pm$"},
    }
    return "".join(special.get(character, character) for character in text)
