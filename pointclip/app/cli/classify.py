"""`pointclip classify`: the most probable classes of each file."""

import csv
import json
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from pointclip.app.cli import common
from pointclip.core.errors import UserError
from pointclip.core.files import find_files, printable


if TYPE_CHECKING:
    from pointclip.app.model import Prediction

EXAMPLES = """
[bold]Examples[/bold]

  $ pointclip classify chair.ply --classes "chair, table, lamp"

  $ pointclip classify scans/ more/*.obj --classes-from modelnet40 --csv > found.csv

  $ pointclip classify scans/ --classes-from names.txt --json | jq -r .file

  $ pointclip classify new.stl --up z --adapter mine.safetensors

[bold]Exit codes[/bold]: 0 all files were read · 1 some could not be · 2 nothing was done
"""


def classify(
    files: common.Files,
    classes: common.Classes = None,
    classes_from: common.ClassesFrom = None,
    backbone: common.Backbone = None,
    projection: common.ProjectionName = None,
    prompts: common.PromptSet = None,
    adapter: common.AdapterFile = None,
    weights_dir: common.WeightsDir = None,
    device: common.Device = "auto",
    top: Annotated[int, typer.Option(min=1, help="How many classes to show of each file.")] = 5,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line and file.")
    ] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="One row a file and class.")] = False,
    points: common.PointsOrAll = None,
    up: common.Up = "y",
    quiet: common.Quiet = False,
) -> None:
    """Say the most probable classes of each file.

    By default thirty views are read (--projection surround), and the probabilities of the surest
    half of them are averaged; pointclip_v2 reads ten, which costs a third, and averages cosines as
    released. With an adapter it is the softmax of its logits. Where held-out train shapes told a
    temperature, the probabilities are calibrated by it, and --json says so.
    A file that cannot be read costs one sentence, and the next one follows.
    """
    with common.user_errors():
        if as_json and as_csv:
            raise UserError("Give --json or --csv, not both.")
        names = common.class_list(classes, classes_from)
        if not names and adapter is None:
            raise UserError(
                "Say what the files may be: --classes 'chair, table', --classes-from, or --adapter."
            )
        from pointclip.clouds.load import SUFFIXES

        total = sum(1 for _ in find_files(files, SUFFIXES))
        if not total:
            raise UserError(
                f"No point cloud in {', '.join(map(printable, files))}: "
                f"known are {', '.join(SUFFIXES)}."
            )
        model = common.load_model(
            names, backbone, projection, prompts, adapter, device, weights_dir, quiet
        )
        if as_json:
            write = _json_writer(top, model.calibrated)
        else:
            write = _csv_writer(top) if as_csv else _table_writer(top)
        failed = 0
        readings = model.classify(find_files(files, SUFFIXES), points, up)
        for reading in common.track(readings, total, quiet):
            if reading.error:
                failed += 1
                common.print_error(reading.error)
            write(reading, model.classes)
    if failed:
        raise typer.Exit(common.SOME_FAILED)


Writer = Callable[["Prediction", list[str]], None]


def _json_writer(top: int, calibrated: bool) -> Writer:
    def write(reading: "Prediction", classes: list[str]) -> None:
        row: dict[str, object] = {"file": str(reading.path)}
        if reading.error:
            row["error"] = reading.error
        else:
            row["classes"] = [
                {"class": name, "probability": p} for name, p in reading.top(classes, top)
            ]
            row["calibrated"] = calibrated
        # ASCII: a name that is no UTF-8 survives as an escape.
        sys.stdout.write(json.dumps(row) + "\n")
        sys.stdout.flush()

    return write


def _csv_writer(top: int) -> Writer:
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


def _table_writer(top: int) -> Writer:
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
        out.print()

    return write
