"""`pointclip segment`: which part of the object every point belongs to."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from pointclip.app.cli import common
from pointclip.app.cli.checks import check_files, check_options, known_up
from pointclip.app.cli.writers import open_page
from pointclip.core.errors import UserError
from pointclip.core.files import find_files, printable, unique_names


MAX_CLOUDS = 20  # clouds on a page
EXAMPLES = """
[bold]Examples[/bold]

  $ pointclip segment chair.ply --parts "back, seat, leg, armrest" --class chair --open

  $ pointclip segment chair.ply --adapter parts.safetensors --class chair -o labelled.ply

[bold]Exit codes[/bold]: 0 all files are segmented · 1 some could not be · 2 nothing was done
"""


def segment(
    files: common.Files,
    parts: Annotated[
        str | None,
        typer.Option(
            help="What parts there may be, separated by commas: [bold]'back, seat, leg'[/bold]."
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--class", help="What the object is: [bold]chair[/bold].")
    ] = None,
    output: Annotated[
        Path,
        typer.Option(
            "-o",
            "--output",
            help="The page (.html), or points with their parts (.ply for one cloud, .json).",
        ),
    ] = Path("parts.html"),
    open_it: Annotated[bool, typer.Option("--open", help="Open the page.")] = False,
    regions: Annotated[
        str,
        typer.Option(help="none; or kmeans, geometric: one label for points that hang together."),
    ] = "none",
    backbone: common.Backbone = None,
    projection: Annotated[
        str | None,
        typer.Option(
            help="One that renders surfaces; default elevated_ring.",
            autocompletion=common.complete("projections"),
            rich_help_panel=common.MODEL,
        ),
    ] = None,
    adapter: Annotated[
        Path | None,
        typer.Option(
            help="What the workflow learned from labelled shapes (parts.safetensors).",
            rich_help_panel=common.MODEL,
        ),
    ] = None,
    weights_dir: common.WeightsDir = None,
    device: common.Device = "auto",
    points: common.Points = 2048,
    up: common.Up = None,
    quiet: common.Quiet = False,
) -> None:
    """Say which part every point of a cloud belongs to.

    With sentences for the parts, or with what labelled shapes have taught (an adapter, which is
    far better). The page shows the points coloured by part, from all views and from each alone.
    JSON has for each file the names of the parts, the points, and for each the number of its part.
    """
    with common.user_errors(quiet):
        names = [part.strip() for part in (parts or "").split(",") if part.strip()]
        if bool(names) == bool(adapter):
            raise UserError("Give --parts, or an --adapter that knows them; one of both.")
        kind = output.suffix.lower()
        if kind not in {".html", ".htm", ".ply", ".json"}:
            raise UserError(f"Cannot write {printable(output)}: use .html, .ply or .json.")
        check_files([*files, *([adapter] if adapter else [])])
        own = check_options(up, device, backbone, projection)
        from pointclip.clouds.load import SUFFIXES

        paths = list(find_files(files, SUFFIXES))
        most = 1 if kind == ".ply" else MAX_CLOUDS
        if not 0 < len(paths) <= most:
            raise UserError(
                f"{len(paths)} point clouds in {', '.join(map(printable, files))}: "
                f"{printable(output)} holds 1{f' to {most}' if most > 1 else ''}."
            )
        from pointclip.app.part_prediction import write_ply
        from pointclip.app.part_predictor import PartPredictor
        from pointclip.core.atomic import write_text

        predictor = PartPredictor(names, name, regions, *own, adapter, weights_dir, device)
        axis = known_up(up, paths, quiet)
        done, items, labelled = 0, [], []
        named = zip(paths, unique_names(paths), strict=True)
        for path, label in common.track(named, len(paths), quiet):
            try:
                if kind.startswith(".htm"):
                    items.append(replace(predictor.viewer_item(path, points, axis), name=label))
                else:
                    labelled.append((path, *predictor.label_file(path, points, axis)))
                done += 1
            except UserError as error:
                common.print_error(str(error))
        if items:
            from pointclip.app.viewer import page

            write_text(page(items, [], "", predictor.made), output)
        if labelled and kind == ".ply":
            write_ply(output, *labelled[0][1:])
        elif labelled:
            rows = [
                {"file": str(path), "parts": own, "points": at.tolist(), "labels": part.tolist()}
                for path, at, part, own in labelled
            ]
            write_text(json.dumps(rows) + "\n", output)
        if done and not quiet:
            typer.echo(printable(output))
        if items and open_it:
            open_page(output)
    if done < len(paths):
        raise typer.Exit(common.SOME_FAILED)
