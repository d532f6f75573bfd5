"""`pointclip show`: a page (or picture) of the cloud, its depth maps and the predictions."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import pointclip
from pointclip.app.cli import common
from pointclip.core.errors import UserError
from pointclip.core.files import find_files, printable


if TYPE_CHECKING:
    from pointclip.app.model import PointCLIP
    from pointclip.app.viewer import ViewerItem
    from pointclip.projection.projection import Projection

MOST = 100  # a page of more is slow to open
VIEWER_POINTS = 20_000  # points on the page, for the eye; the encoder gets --points
READING = "Softmax over {n} classes of the logit scale times the mean cosine over all views"
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
    up: common.Up = "y",
    quiet: common.Quiet = False,
) -> None:
    """Show clouds, their depth maps, and (with classes) the predictions.

    The page is one file that needs no network: the cloud to turn, the depth maps of all views as
    CLIP gets them, and the probabilities per class and view, the same as `pointclip classify`
    gives.
    """
    with common.user_errors():
        if output.suffix.lower() not in {".html", ".htm", ".png", ".pdf", ".svg"}:
            raise UserError(f"Cannot write {printable(output)}: use .html, .png, .pdf or .svg.")
        names = common.class_list(classes, classes_from)
        from pointclip.clouds.load import SUFFIXES

        paths = list(find_files(files, SUFFIXES))
        if not 0 < len(paths) <= MOST:
            raise UserError(
                f"{len(paths)} point clouds in {', '.join(map(printable, files))}: "
                f"a page holds 1 to {MOST}."
            )
        model: PointCLIP | None = None
        if names or adapter:
            model = common.load_model(
                names, backbone, projection, prompts, adapter, device, weights_dir, quiet
            )
            from pointclip.app.backbone import need_projection

            projected = need_projection(model.projection, model.encoder)
        else:
            from pointclip.app.backbone import PROJECTION
            from pointclip.projection.projection import get_projection

            projected = get_projection(projection or PROJECTION)
        items = []
        for path in common.track(paths, len(paths), quiet):
            try:
                items.append(_look(path, model, projected, points, up))
            except UserError as error:
                common.print_error(str(error))
        if items:
            _write(items, model, projected, output)
            if not quiet:
                typer.echo(printable(output))
            if open_it:
                typer.launch(output.absolute().as_uri())
    if len(items) < len(paths):
        raise typer.Exit(common.SOME_FAILED)


def _look(
    path: Path, model: "PointCLIP | None", projection: "Projection", points: int, up: str
) -> "ViewerItem":
    """Everything on the page about one file."""
    import numpy as np

    from pointclip.app.viewer import ViewerItem, cameras
    from pointclip.clouds.load import load_cloud, normalise

    read = load_cloud(path, points=points, up=up)
    # A small cloud comes with its points repeated.
    points_shown = np.unique(load_cloud(path, points=max(points, VIEWER_POINTS), up=up), axis=0)
    size = " by ".join(f"{extent:.3g}" for extent in points_shown.max(0) - points_shown.min(0))
    count = f"{len(points_shown):,} points"
    if len(points_shown) > points:
        count += f", {points:,} of them for CLIP"
    look = model.look(read) if model else None
    depth = look.depth if look else projection.render_numpy(normalise(read)[None])[0]
    return ViewerItem(
        name=printable(path.name),
        note=f"{count} · {size} (x, y, z; y is up)",
        points=normalise(points_shown),
        depth=depth,
        view_names=projection.view_names,
        cameras=cameras(projection.rotations, projection.camera),
        probabilities=look.probabilities if look else None,
        per_view=look.per_view if look else None,
        mirrored=projection.camera < 0,
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
        reading = (ADAPTED if model.adapter else READING).format(n=len(classes))
    write_text(page(items, classes, reading, made), output)
