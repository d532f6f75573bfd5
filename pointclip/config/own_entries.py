"""Backbones and projections that a person names to the command line: built in, of ./config, a file.

Without torch, so that a mistake is told at once.
"""

from pathlib import Path
from typing import Any

from pointclip.config.entries import SECTIONS, built_in
from pointclip.config.resolve import resolve_backbone, resolve_projection
from pointclip.core.errors import UserError, choose
from pointclip.core.files import read_yaml
from pointclip.core.own_module import is_own


FOLDER = Path("config")
# The paper's entries before those of other configs, which may use local copies of them.
_FIRST = ("config", "paper")


def config_files() -> list[Path]:
    """The configs in ./config, the default one first."""
    return sorted(FOLDER.glob("*.yaml"), key=lambda path: (path.stem not in _FIRST, path))


def listed_entries(section: str) -> dict[str, dict[str, Any]]:
    """Id -> entry of a section in any of the configs in ./config; of several the first.

    Raises:
        UserError: if a file there is no mapping.
    """
    found: dict[str, dict[str, Any]] = {}
    for path in config_files():
        listed = read_yaml(path).get(section)
        # If not: nothing is listed, or it is another program's file.
        if isinstance(listed, dict):
            for name, entry in listed.items():
                if isinstance(entry, dict):
                    found.setdefault(str(name), entry)
    return found


def find_entry(section: str, name: str | None) -> str | dict[str, Any] | None:
    """The id of what is built in, or the whole entry of what is not.

    Args:
        section: `backbones` or `projections`.
        name: an id, built in or of a config in ./config; a YAML file that holds an entry; or a
            Python file, which an entry would name as its `module`. None stays None.

    Raises:
        UserError: if there is no such entry, or it cannot be used.
    """
    if name is None or name in built_in(section):
        return name
    path = Path(name)
    if is_own(name):
        entries, name = {path.stem: {"module": name}}, path.stem
    elif path.suffix in (".yaml", ".yml"):
        entries, name = {path.stem: read_yaml(path)}, path.stem
    else:
        entries = listed_entries(section)
        choose(name, [*built_in(section), *entries], SECTIONS[section])
    if section == "backbones":
        return resolve_backbone({section: entries}, name)["entry"]
    found = resolve_projection({section: entries}, name)
    if found["parts"]:
        raise UserError(f"The projection '{name}' joins others: only the workflow can use it.")
    return found["entry"]
