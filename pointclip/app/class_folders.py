"""A person's folder of classes: which files are to be learned, and which are kept for the test."""

from pathlib import Path
from typing import NamedTuple

from pointclip.clouds.load import SUFFIXES
from pointclip.core.errors import UserError
from pointclip.core.files import find_files, printable


class Listed(NamedTuple):
    """A file, its class, and whether it is of the `train` or the `test` split."""

    name: str
    path: Path
    split: str


def list_shapes(folder: Path) -> list[Listed]:
    """Every file of a folder in which each folder is a class.

    As in the workflow, a class may have the folders `train` and `test`; without `train`, all its
    files but those in `test` are to be learned.

    Raises:
        UserError: if there are not two classes with files to learn.
    """
    if not folder.is_dir():
        raise UserError(f"{printable(folder)} is no folder.")
    found = []
    for part in sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith(".")):
        name, train, test = printable(part.name), part / "train", part / "test"
        for path in find_files([train if train.is_dir() else part], SUFFIXES):
            if test not in path.parents:
                found.append(Listed(name, path, "train"))
        if test.is_dir():
            found += [Listed(name, path, "test") for path in find_files([test], SUFFIXES)]
    if len({each.name for each in found if each.split == "train"}) < 2:
        raise UserError(
            f"{printable(folder)} needs a folder for each class, and files in at least two of them."
        )
    return found
