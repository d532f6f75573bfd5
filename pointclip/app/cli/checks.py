"""What the commands see to before they load anything: a mistake ends them at once."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import typer

from pointclip.core.errors import UserError, choose
from pointclip.core.files import printable


def check_files(files: Iterable[Path]) -> None:
    """That everything that is named on the command line is there.

    Raises:
        UserError: naming the first that is not.
    """
    from pointclip.clouds.load import split_index

    for path in files:
        if not path.exists() and not split_index(path, 0)[0].exists():
            raise UserError(f"There is no file or folder {printable(path)}.")


def check_options(
    up: str | None,
    device: str,
    backbone: str | None = None,
    projection: str | None = None,
    prompts: str | None = None,
) -> tuple[Any, Any]:
    """That the options name what there is; the backbone and the projection that they mean.

    Raises:
        UserError: naming the option's value and what is allowed.
    """
    from pointclip.clouds.up_axis import UP
    from pointclip.config.own_entries import find_entry
    from pointclip.config.prompt_sets import prompt_sets

    choose(up or "y", UP, "up axis")
    if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", device):
        raise UserError(f"Unknown device '{device}': choose one of auto, cpu, cuda, cuda:N, mps.")
    if prompts is not None and not Path(prompts).is_file():
        choose(prompts, prompt_sets(), "prompt set")
    return find_entry("backbones", backbone), find_entry("projections", projection)


def class_list(classes: str | None, source: str | None) -> list[str]:
    """The names given by `--classes` or `--classes-from`, in their order."""
    if classes and source:
        raise UserError("Give --classes or --classes-from, not both.")
    if classes:
        return [name.strip() for name in classes.split(",") if name.strip()]
    if source:
        from pointclip.app.class_lists import read_classes

        return read_classes(source)
    return []


def known_up(up: str | None, files: Iterable[Path], quiet: bool) -> str:
    """The axis that points up: as given, or y, and then a hint if another is likely."""
    if up is None and not quiet:
        from pointclip.app.up_hint import up_hint

        if hint := up_hint(list(files)):
            typer.echo(hint, err=True)
    return up or "y"
