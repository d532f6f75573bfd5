"""`pointclip train`: few-shot on a person's own folder of classes."""

from pathlib import Path
from typing import Annotated, Any

import typer

from pointclip.app.cli import common
from pointclip.app.cli.checks import check_files, check_options, known_up
from pointclip.catalog.adapters import METHODS
from pointclip.core.errors import UserError, choose
from pointclip.core.files import printable
from pointclip.core.own_module import is_own


EXAMPLES = """
[bold]Examples[/bold]

  $ pointclip train my_shapes/ -o mine.safetensors

  $ pointclip train my_shapes/ --shots 4 --method linear_probe

  $ pointclip classify new.obj --adapter mine.safetensors

[bold]Exit codes[/bold]: 0 trained on all files · 1 some could not be read · 2 nothing was trained
"""


def train(
    folder: Annotated[
        Path, typer.Argument(help="A folder with a folder for each class, files in these.")
    ],
    output: Annotated[
        Path,
        typer.Option("-o", "--output", help="The adapter; a confusion matrix is put beside it."),
    ] = Path("adapter.safetensors"),
    shots: Annotated[
        str, typer.Option(help="Shapes per class; default: all that are not held out.")
    ] = "all",
    method: Annotated[
        str, typer.Option(help="The few-shot method.", autocompletion=common.complete("adapters"))
    ] = "inter_view",
    backbone: common.Backbone = None,
    projection: common.ProjectionName = None,
    prompts: common.PromptSet = None,
    weights_dir: common.WeightsDir = None,
    device: common.Device = "auto",
    copies: Annotated[int, typer.Option(min=1, help="Augmented copies of each shape.")] = 10,
    seed: Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Of the random choices.")] = 0,
    points: common.Points = 2048,
    up: common.Up = None,
    quiet: common.Quiet = False,
) -> None:
    """Learn your own classes from a few shapes of each.

    The accuracy is measured on class/test/, where the folder has it; if not, on a quarter of each
    class, at most four shapes, which is held out. The last epoch is taken, so that nothing is
    chosen on them.
    """
    failed: list[str] = []

    def fail(sentence: str) -> None:
        failed.append(sentence)
        common.print_error(sentence)

    # What classes with few shapes have to say of their shots is in the report.
    with common.user_errors(quiet, "pointclip.data.shots"):
        if shots != "all" and not (shots.isdecimal() and int(shots) > 0):
            raise UserError(f"Cannot take {shots} shots: give a number from 1, or 'all'.")
        if output.suffix != ".safetensors":
            raise UserError(f"Cannot write {printable(output)}: an adapter ends in .safetensors.")
        check_files([folder])
        own_backbone, own_projection = check_options(up, device, backbone, projection, prompts)
        if not is_own(method):
            choose(method, METHODS, "few-shot method")
        common.show_bars(quiet)
        from pointclip.app.backbone import PROJECTION, choose_projection, load_backbone
        from pointclip.app.class_folders import list_shapes
        from pointclip.app.model import BACKBONE
        from pointclip.app.train_folder import train_on_folder
        from pointclip.catalog.projections import NO_PROJECTION
        from pointclip.classification.few_shot.trained_with import describe
        from pointclip.features.prompts import load_prompts

        used = own_backbone or BACKBONE
        encoder = load_backbone(used, device, weights_dir)
        chosen = choose_projection(own_projection, encoder)
        rendered = (own_projection or PROJECTION) if chosen else NO_PROJECTION
        prompts = prompts or encoder.prompts
        axis = known_up(up, (each.path for each in list_shapes(folder)), quiet)
        result = train_on_folder(
            folder,
            output,
            chosen,
            encoder,
            load_prompts(prompts),
            method,
            None if shots == "all" else int(shots),
            copies,
            points,
            axis,
            seed,
            on_error=fail,
            parts=describe(rendered, used, prompts),
        )
        _report(result, output)
    if failed:
        raise typer.Exit(common.SOME_FAILED)


def _report(result: Any, output: Path) -> None:
    out = common.console()
    out.print(
        f"{len(result.classes)} classes from {result.shapes} shapes: {printable(output)}",
        markup=False,
    )
    kind = "test" if result.tested else "held-out"
    if result.fewer:
        counts = ", ".join(f"{name} {count}" for name, count in result.fewer.items())
        rest = "" if result.tested or result.held_out.empty else ", as the others are held out"
        out.print(f"Fewer shots than asked for{rest}: {counts}.", markup=False)
    if result.held_out.empty:
        out.print("No class has four shapes: none was held out, so the accuracy is not known.")
        return
    right = (result.held_out["label"] == result.held_out["predicted"]).sum()
    of = f"{right} of {len(result.held_out)} {kind} shapes"
    out.print(f"Accuracy {result.accuracy:.1f} % ({of})")
    from pointclip.report.figures.confusion import confusion_matrix
    from pointclip.report.figures.style import save

    picture = output.with_suffix(".confusion.png")
    save(confusion_matrix(result.held_out, result.classes, f"{of} are right"), picture)
    out.print(f"Confusion matrix: {printable(picture)}", markup=False)
    _confusions(result)


def _confusions(result: Any) -> None:
    """Each class with held-out shapes: how many are right, and what the rest is predicted as."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("class")
    table.add_column("right", justify="right")
    table.add_column("taken for")
    for k, name in enumerate(result.classes):
        predicted = result.held_out.loc[result.held_out["label"] == k, "predicted"]
        if len(predicted):
            wrong = predicted[predicted != k].map(result.classes.__getitem__).value_counts()
            others = ", ".join(f"{n} {other}" for other, n in wrong.items())
            table.add_row(Text(name), f"{(predicted == k).sum()}/{len(predicted)}", Text(others))
    common.console().print(table)
