"""`pointclip classify`: the most probable classes of each file."""

from itertools import islice
from typing import Annotated

import typer

from pointclip.app.cli import common
from pointclip.app.cli.checks import check_files, check_options, class_list, known_up
from pointclip.app.cli.writers import Summary, csv_writer, json_writer, line_writer, ranking_writer
from pointclip.core.errors import UserError
from pointclip.core.files import find_files, printable


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
    top: Annotated[
        int | None,
        typer.Option(min=1, help="Classes to show of each file; 5, or 3 on a line of many files."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line and file.")
    ] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="One row a file and class.")] = False,
    points: common.PointsOrAll = None,
    up: common.Up = None,
    quiet: common.Quiet = False,
) -> None:
    """Say the most probable classes of each file.

    By default thirty views are read (--projection surround), and the probabilities of the surest
    half of them are averaged; pointclip_v2 reads ten, which costs a third, and averages cosines as
    released. With an adapter it is the softmax of its logits. Where held-out train shapes told a
    temperature, the probabilities are calibrated by it, and --json says so.
    A file that cannot be read costs one sentence, and the next one follows. Of several files the
    terminal gets a line each, and how many files were predicted as which class.
    """
    with common.user_errors(quiet):
        if as_json and as_csv:
            raise UserError("Give --json or --csv, not both.")
        names = class_list(classes, classes_from)
        if not names and adapter is None:
            raise UserError(
                "Say what the files may be: --classes 'chair, table', --classes-from, or --adapter."
            )
        check_files([*files, *([adapter] if adapter else [])])
        own = check_options(up, device, backbone, projection, prompts)
        from pointclip.clouds.load import SUFFIXES

        listed = [len(printable(path)) for path in find_files(files, SUFFIXES)]
        if not listed:
            raise UserError(
                f"No point cloud in {', '.join(map(printable, files))}: "
                f"known are {', '.join(SUFFIXES)}."
            )
        model = common.load_model(names, *own, prompts, adapter, device, weights_dir, quiet)
        if as_json or as_csv:
            said = {
                "backbone": backbone or model.encoder.name,
                "projection": projection or (model.projection.name if model.projection else None),
                "prompts": model.prompts,
                "calibrated": model.calibrated,
            }
            write = json_writer(top or 5, said) if as_json else csv_writer(top or 5)
        elif len(listed) == 1:
            write = ranking_writer(top or 5)
        else:
            write = line_writer(top or 3, max(listed))
        axis = known_up(up, islice(find_files(files, SUFFIXES), 100), quiet)
        summary = Summary(model.classes)
        readings = model.classify(find_files(files, SUFFIXES), points, axis)
        for reading in common.track(readings, len(listed), quiet):
            if reading.error:
                common.print_error(reading.error)
            summary.count(reading)
            write(reading, model.classes)
        if len(listed) > 1 and not (as_json or as_csv):
            summary.show()
    if summary.failed:
        raise typer.Exit(common.SOME_FAILED)
