"""The command `pointclip`: a thin layer that reads options, calls the library and shows results.

Nothing heavy is imported before a command needs it, so that `--help` and completion are quick.
"""

import inspect
import re
from typing import Annotated

import typer

import pointclip
from pointclip.app.cli import classify, lists, register, segment, show, train
from pointclip.app.cli.common import EXAMPLES


app = typer.Typer(
    name="pointclip",
    no_args_is_help=True,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_show_locals=False,
    help=pointclip.__doc__.splitlines()[0] if pointclip.__doc__ else None,
    epilog=EXAMPLES,
)


def _version(wanted: bool) -> bool:
    if wanted:
        typer.echo(f"pointclip {pointclip.__version__}")
        raise typer.Exit
    return wanted


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """What a frozen 2D CLIP understands of 3D point clouds."""


def _paragraphs(text: str) -> str:
    """A docstring for the terminal, which breaks lines itself."""
    return re.sub(r"(?<!\n)\n(?!\n)", " ", inspect.cleandoc(text))


for command, examples in (
    (show.show, show.EXAMPLES),
    (classify.classify, classify.EXAMPLES),
    (segment.segment, segment.EXAMPLES),
    (train.train, train.EXAMPLES),
    (register.register, register.EXAMPLES),
    (lists.models, None),
    (lists.projections, None),
    (lists.prompts, None),
    (lists.data, None),
):
    app.command(help=_paragraphs(command.__doc__ or ""), epilog=examples)(command)
