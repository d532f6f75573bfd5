"""What the commands share: their options, how they end, how they show progress."""

import logging
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from pointclip.core.errors import UserError
from pointclip.core.files import printable


if TYPE_CHECKING:
    from rich.console import Console

    from pointclip.app.model import PointCLIP

Item = TypeVar("Item")
SOME_FAILED, MISUSED = 1, 2

EXAMPLES = """
[bold]Examples[/bold]

  $ pointclip show chair.ply --classes "chair, table, lamp" --open

  $ pointclip classify scans/ --classes-from furniture --csv > found.csv

  $ pointclip train my_shapes/ -o mine.safetensors

  $ pointclip classify new.obj --adapter mine.safetensors
"""


def complete(section: str) -> Callable[[str], list[str]]:
    """Shell completion over the library's own ids, read without importing torch."""

    def ids(incomplete: str) -> list[str]:
        from pointclip.config.entries import built_in

        return [name for name in built_in(section) if name.startswith(incomplete)]

    return ids


MODEL = "Model"
Files = Annotated[
    list[Path],
    typer.Argument(
        help="Clouds, meshes, or folders of them; [bold]file.h5#12[/bold] is one of many."
    ),
]
Classes = Annotated[
    str | None,
    typer.Option(
        help="What the cloud may be, separated by commas: [bold]'chair, table, lamp'[/bold].",
        rich_help_panel=MODEL,
    ),
]
ClassesFrom = Annotated[
    str | None,
    typer.Option(
        help="The classes of a data set (furniture, modelnet40, …) or of a file, one a line.",
        rich_help_panel=MODEL,
    ),
]
Backbone = Annotated[
    str | None,
    typer.Option(
        help="See [bold]pointclip models[/bold], a name of ./config, or an entry's file; "
        "default iconclip.",
        autocompletion=complete("backbones"),
        rich_help_panel=MODEL,
    ),
]
ProjectionName = Annotated[
    str | None,
    typer.Option(
        help="See [bold]pointclip projections[/bold], a name of ./config, or an entry's file; "
        "with classes surround, else pointclip_v2.",
        autocompletion=complete("projections"),
        rich_help_panel=MODEL,
    ),
]
PromptSet = Annotated[
    str | None,
    typer.Option(
        help="See [bold]pointclip prompts[/bold], or a file; default: the backbone's own.",
        autocompletion=complete("prompts"),
        rich_help_panel=MODEL,
    ),
]
AdapterFile = Annotated[
    Path | None,
    typer.Option(
        help="A few-shot adapter made by [bold]pointclip train[/bold] or by the workflow.",
        rich_help_panel=MODEL,
    ),
]
WeightsDir = Annotated[
    Path | None,
    typer.Option(help="Where weights lie that cannot be fetched.", rich_help_panel=MODEL),
]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.", rich_help_panel=MODEL)]
Points = Annotated[int, typer.Option(min=1, help="Points taken of each file.")]
PointsOrAll = Annotated[
    int | None,
    typer.Option(min=1, help="Points taken of each file; 2,048, or as many as a 3D encoder reads."),
]
Up = Annotated[
    str | None,
    typer.Option(help="The axis that points up in the files: x, y, z, -x, -y, -z; default y."),
]
Quiet = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="No progress and no warnings; only results, what failed."),
]


def console(stderr: bool = False, **options: Any) -> "Console":
    """A rich console, which knows NO_COLOR and whether a person is looking."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, soft_wrap=stderr, **options)


def print_error(sentence: str) -> None:
    """Write one sentence to stderr."""
    typer.secho(printable(sentence), err=True, fg=typer.colors.RED if sys.stderr.isatty() else None)


@contextmanager
def user_errors(quiet: bool = False, *silent: str) -> Iterator[None]:
    """End with exit code 2 and one sentence where what the user asked for cannot be had.

    Args:
        quiet: whether warnings are kept back.
        silent: loggers whose warnings the command tells in its own words.
    """
    loggers = [logging.getLogger(name) for name in (*silent, *(["pointclip"] if quiet else []))]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            if quiet:
                warnings.simplefilter("ignore")
            yield
    except BrokenPipeError:  # nobody reads on: the command ends without a word
        raise
    except (UserError, OSError) as error:
        print_error(str(error))
        raise typer.Exit(MISUSED) from error
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def track(items: Iterable[Item], total: int, quiet: bool) -> Iterable[Item]:
    """Show progress on stderr, if somebody looks at it and wants it."""
    if quiet or total < 2 or not sys.stderr.isatty():
        return items
    from rich.progress import track as rich_track

    return rich_track(items, "", total, console=console(stderr=True), transient=True)


def show_bars(quiet: bool) -> None:
    """Let the library's stages show their progress, if somebody looks at it and wants it."""
    if not quiet and sys.stderr.isatty():
        logging.getLogger("pointclip").setLevel(logging.INFO)


def load_model(
    classes: list[str],
    backbone: Any,
    projection: Any,
    prompts: str | None,
    adapter: Path | None,
    device: str,
    weights_dir: Path | None,
    quiet: bool,
) -> "PointCLIP":
    """Import torch and load the encoder, saying so to a person who waits."""
    status = console(stderr=True, quiet=quiet).status("Loading the encoder …")
    with status:
        from pointclip.app.model import PointCLIP

        return PointCLIP(
            classes,
            backbone,
            projection,
            prompts,
            adapter=adapter,
            device=device,
            weights_dir=weights_dir,
        )
