"""Which prompt sets there are, and the files that each consists of."""

from pathlib import Path

from pointclip.core.errors import UserError
from pointclip.core.files import ASSETS, read_yaml


BUILT_IN = ASSETS / "prompts"
OWN = Path("config/prompts")


def prompt_sets() -> dict[str, Path]:
    """Name -> file: the sets of the package, and over them those in ./config/prompts."""
    return {path.stem: path for folder in (BUILT_IN, OWN) for path in sorted(folder.glob("*.yaml"))}


def prompt_files(path: str | Path) -> list[str]:
    """A prompt set's file and those that it refers to.

    Raises:
        UserError: if one of them does not exist.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"The prompts file '{path}' does not exist.")
    content = read_yaml(path) if path.suffix in (".yaml", ".yml") else {}
    named = [content.get(key) for key in ("class_names", "sentences")]
    files = [path, *(path.parent / name for name in named if isinstance(name, str))]
    if missing := [file for file in files if not file.is_file()]:
        raise UserError(f"The file '{missing[0]}' that {path} refers to does not exist.")
    return [str(file) for file in files]
