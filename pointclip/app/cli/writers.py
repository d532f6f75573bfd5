"""How `pointclip classify` writes what it read: JSON, CSV, a ranking, or a line a file; how a page
is opened."""

import csv
import json
import os
import sys
import webbrowser
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pointclip.app.cli import common
from pointclip.core.files import printable


if TYPE_CHECKING:
    from pointclip.app.model import Prediction

Writer = Callable[["Prediction", list[str]], None]


def open_page(path: Path) -> None:
    """Open a page in the browser, or say that this machine has none."""
    try:
        webbrowser.get().open(path.absolute().as_uri())
    except webbrowser.Error:
        common.print_error(f"No browser was found to open '{printable(path)}'.")


def json_writer(top: int, about: Mapping[str, str | bool | None]) -> Writer:
    """One object a line; `about` says in each what it was read with."""

    def write(reading: "Prediction", classes: list[str]) -> None:
        row: dict[str, object] = {"file": str(reading.path), **about}
        if reading.error:
            row["error"] = reading.error
        else:
            row["classes"] = [
                {"class": name, "probability": p} for name, p in reading.top(classes, top)
            ]
        # ASCII: a name that is no UTF-8 survives as an escape.
        sys.stdout.write(json.dumps(row) + "\n")
        sys.stdout.flush()

    return write


def csv_writer(top: int) -> Writer:
    """One row a file and class."""
    # Names come back byte for byte.
    sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape")  # type: ignore[union-attr]
    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerow(["file", "rank", "class", "probability", "error"])

    def write(reading: "Prediction", classes: list[str]) -> None:
        if reading.error:
            rows.writerow([os.fspath(reading.path), "", "", "", reading.error])
        for rank, (name, p) in enumerate(reading.top(classes, top), 1):
            rows.writerow([os.fspath(reading.path), rank, name, f"{p:.6f}", ""])
        sys.stdout.flush()

    return write


def ranking_writer(top: int) -> Writer:
    """The most probable classes of one file, one below the other, with bars."""
    from rich.table import Table
    from rich.text import Text

    out = common.console()

    def write(reading: "Prediction", classes: list[str]) -> None:
        if reading.error:
            return
        table = Table(box=None, show_header=False, pad_edge=False)
        table.add_column(justify="right")
        table.add_column(overflow="fold", min_width=16)
        table.add_column()
        for rank, (name, p) in enumerate(reading.top(classes, top)):
            style = "bold" if rank == 0 else ""
            bar = Text("█" * round(30 * p), "cyan") if out.is_terminal else Text("")
            table.add_row(f"{100 * p:.1f} %", Text(name), bar, style=style)
        out.print(Text(printable(reading.path), "bold underline"))
        out.print(table)

    return write


def line_writer(top: int, width: int) -> Writer:
    """A line a file: its most probable classes, the best one in bold."""
    from rich.text import Text

    out = common.console()

    def write(reading: "Prediction", classes: list[str]) -> None:
        if reading.error:
            return
        line = Text(f"{printable(reading.path):<{min(width, 60)}}")
        for rank, (name, p) in enumerate(reading.top(classes, top)):
            line.append("  ")
            line.append(f"{name} {100 * p:.1f} %", "dim" if rank else "bold")
        out.print(line, soft_wrap=True)

    return write


class Summary:
    """How many files were predicted as which class."""

    def __init__(self, classes: list[str]) -> None:
        self.probabilities: dict[str, list[float]] = {name: [] for name in classes}
        self.failed = 0

    def count(self, reading: "Prediction") -> None:
        for name, probability in reading.top(list(self.probabilities), 1):
            self.probabilities[name].append(probability)
        self.failed += reading.error is not None

    def show(self) -> None:
        """Write a line a class with a file, most files first."""
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("predicted class")
        table.add_column("files", justify="right")
        table.add_column("mean probability", justify="right")
        for name, found in sorted(self.probabilities.items(), key=lambda item: -len(item[1])):
            if found:
                mean = f"{100 * sum(found) / len(found):.1f} %"
                table.add_row(Text(name), str(len(found)), mean)
        if self.failed:
            table.add_row("could not be read", str(self.failed), "")
        out = common.console()
        out.print()
        out.print(table)
