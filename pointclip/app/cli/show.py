"""`pointclip show`: a page (or picture) of the cloud, its depth maps and the predictions."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import pointclip
from pointclip.app.cli import common
from pointclip.app.cli.checks import check_files, check_options, class_list, known_up
from pointclip.app.cli.writers import open_page
from pointclip.core.errors import UserError
from pointclip.core.files import find_files, printable, unique_names


if TYPE_CHECKING:
    from pointclip.app.model import PointCLIP
    from pointclip.app.viewer import ViewerItem
    from pointclip.projection.projection import Projection

MAX_CLOUDS = 500  # a page of more is slow to open
# Points of a file on the page, for the eye, and of all its files; the encoder gets --points.
VIEWER_POINTS, PAGE_POINTS = 20_000, 1_000_000
READINGS = {
    "zero_shot": "Softmax over {n} classes of logit scale times mean cosine over all views",
    "zero_shot_entropy": "Mean probability of {n} classes over the surer half of the views",
}
ADAPTED = "Softmax over {n} classes of the adapter's logits; single views are read without it"
EXAMPLES = """
[bold]Examples[/bold]

  $ pointclip show chair.ply --open

  $ pointclip show chair.ply lamp.obj --classes "chair, table, lamp" -o both.html

  $ pointclip show scan.las --up z --projection pointclip_fs -o sheet.png

[bold]Exit codes[/bold]: 0 all files are shown · 1 some could not be · 2 nothing was done
"""


def show(
    files: common.Files,
    classes: common.Classes = None,
    classes_from: common.ClassesFrom = None,
    output: Annotated[
        Path,
        typer.Option("-o", "--output", help="The page (.html) or the picture (.png, .pdf, .svg)."),
    ] = Path("pointclip.html"),
    open_it: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    backbone: common.Backbone = None,
    projection: common.ProjectionName = None,
    prompts: common.PromptSet = None,
    adapter: common.AdapterFile = None,
    weights_dir: common.WeightsDir = None,
    device: common.Device = "auto",
    points: common.Points = 2048,
    up: common.Up = None,
    quiet: common.Quiet = False,
) -> None:
    """Show clouds, their depth maps, and (with classes) the predictions.

    The page is one file that needs no network: the cloud to turn, the depth maps of all views as
    CLIP gets them, and the probabilities per class and view, the same as `pointclip classify`
    gives.
    """
    with common.user_errors(quiet):
        if output.suffix.lower() not in {".html", ".htm", ".png", ".pdf", ".svg"}:
            raise UserError(f"Cannot write {printable(output)}: use .html, .png, .pdf or .svg.")
        names = class_list(classes, classes_from)
        check_files([*files, *([adapter] if adapter else [])])
        own = check_options(up, device, backbone, projection, prompts)
        from pointclip.clouds.load import SUFFIXES

        paths = list(find_files(files, SUFFIXES))
        if not 0 < len(paths) <= MAX_CLOUDS:
            raise UserError(
                f"{len(paths)} point clouds in {', '.join(map(printable, files))}: "
                f"a page holds 1 to {MAX_CLOUDS}."
            )
        model: PointCLIP | None = None
        if names or adapter:
            model = common.load_model(names, *own, prompts, adapter, device, weights_dir, quiet)
            from pointclip.app.backbone import need_projection

            projected = need_projection(model.projection, model.encoder)
        else:
            from pointclip.app.backbone import projection_of

            projected = projection_of(own[1])
        axis = known_up(up, paths, quiet)
        items = []
        most = min(VIEWER_POINTS, PAGE_POINTS // len(paths))
        named = zip(paths, unique_names(paths), strict=True)
        for path, name in common.track(named, len(paths), quiet):
            try:
                item = _look(path, model, projected, points, axis, most)
                items.append(replace(item, name=name))
            except UserError as error:
                common.print_error(str(error))
        if items:
            _write(items, model, projected, output)
            if not quiet:
                typer.echo(printable(output))
            if open_it:
                open_page(output)
    if len(items) < len(paths):
        raise typer.Exit(common.SOME_FAILED)


def _look(
    path: Path,
    model: "PointCLIP | None",
    projection: "Projection",
    points: int,
    up: str,
    most: int,
) -> "ViewerItem":
    """Everything on the page about one file, with at most `most` points for the eye."""
    import numpy as np

    from pointclip.app.viewer import ViewerItem, cameras
    from pointclip.clouds.load import load_colored_cloud, normalise

    read, colors = load_colored_cloud(path, points, up)
    # A small cloud comes with its points repeated.
    shown, first = np.unique(read, axis=0, return_index=True)
    colors = None if colors is None else colors[first]
    whole, whole_colors = load_colored_cloud(path, max(points, most), up, repeat=False)
    clip = len(shown) if len(shown) < len(whole) else 0
    size = " by ".join(f"{extent:.3g}" for extent in whole.max(0) - whole.min(0))
    count = f"{len(whole):,} points"
    if clip:
        count += f", and {clip:,} for CLIP"
        shown = np.concatenate([shown, whole])
        if colors is not None and whole_colors is not None:
            colors = np.concatenate([colors, whole_colors])
    look = model.look(read) if model else None
    depth = look.depth if look else projection.render_numpy(normalise(read)[None])[0]
    return ViewerItem(
        name=printable(path.name),
        note=f"{count} · {size} (x, y, z; y is up)",
        points=normalise(shown),
        depth=depth,
        view_names=projection.view_names,
        cameras=cameras(projection.rotations, projection.camera),
        probabilities=look.probabilities if look else None,
        per_view=look.per_view if look else None,
        mirrored=projection.camera < 0,
        colors=colors,
        clip=clip,
    )


def _write(
    items: "list[ViewerItem]", model: "PointCLIP | None", projection: "Projection", output: Path
) -> None:
    classes = model.classes if model else []
    if output.suffix.lower() not in {".html", ".htm"}:
        from pointclip.app.contact_sheet import contact_sheet
        from pointclip.report.figures.style import save

        save(contact_sheet(items, classes), output)
        return
    from pointclip.app.viewer import page
    from pointclip.core.atomic import write_text

    made = f"pointclip {pointclip.__version__} · projection {projection.name}"
    reading = ""
    if model:
        made += f" · backbone {model.encoder.name} · prompts {model.prompts}"
        reading = (ADAPTED if model.adapter else READINGS[model.method]).format(n=len(classes))
    write_text(page(items, classes, reading, made), output)
