"""Which files a command is to read, how to write their names, and text and YAML files read."""

import math
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from pointclip.core.errors import UserError


# The folder of the installed package: code and assets are found from here alone.
PACKAGE = Path(__file__).resolve().parents[1]
ASSETS = PACKAGE / "assets"
MOST_VALUES = 1_000_000


def find_files(paths: Iterable[str | Path], suffixes: Iterable[str]) -> Iterator[Path]:
    """Walk folders in the order of their names; a path that is no folder comes as it is.

    Within folders only regular files with one of `suffixes` count. Links to folders are followed,
    but no folder is entered twice, so that a link to a parent ends. A folder that cannot be
    listed comes as a path of its own, for whoever reads it to say why.
    """
    allowed = tuple(suffix.lower() for suffix in suffixes)
    seen: set[tuple[int, int]] = set()
    for path in paths:
        yield from _walk(Path(path), allowed, seen) if os.path.isdir(path) else (Path(path),)


def _walk(folder: Path, allowed: tuple[str, ...], seen: set[tuple[int, int]]) -> Iterator[Path]:
    failed: list[OSError] = []
    for here, folders, names in os.walk(folder, onerror=failed.append, followlinks=True):
        while failed:
            yield Path(failed.pop().filename)
        status = os.stat(here)
        if (status.st_dev, status.st_ino) in seen:
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(here, name)
            if not name.startswith(".") and name.lower().endswith(allowed) and path.is_file():
                yield path
    yield from (Path(error.filename) for error in failed)


def printable(path: str | Path) -> str:
    """A path as text that is safe to show: bytes that are no UTF-8 and control characters escaped.

    A file's name may hold terminal commands, line ends, or bytes in another encoding.
    """
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def unique_names(paths: Sequence[Path]) -> list[str]:
    """What to call files that are shown together: of each path the shortest end that tells it from
    the others, and a number where a path is given twice."""
    depths = [1] * len(paths)
    while True:
        ends = [Path(*path.parts[-depth:]) for path, depth in zip(paths, depths, strict=True)]
        count = Counter(ends)
        same = [k for k, end in enumerate(ends) if count[end] > 1]
        longer = [k for k in same if depths[k] < len(paths[k].parts)]
        if not longer:
            break
        for k in longer:
            depths[k] += 1
    names, seen = [], Counter[Path]()
    for end in ends:
        seen[end] += 1
        names.append(printable(end) + (f" ({seen[end]})" if seen[end] > 1 else ""))
    return names


def own_file(path: str | Path, what: str) -> Path:
    """A file that an entry names, relative to the working directory or to the package's assets.

    Raises:
        UserError: if it is in neither.
    """
    for candidate in (Path(path), ASSETS / path):
        if candidate.is_file():
            return candidate
    raise UserError(f"The {what} '{path}' does not exist.")


def read_text(path: str | Path) -> str:
    """The text of a UTF-8 file.

    Raises:
        UserError: if it does not exist or is none.
    """
    try:
        return Path(path).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise UserError(f"{path} does not exist.") from error
    except (UnicodeDecodeError, OSError) as error:
        raise UserError(f"{path} is not a readable UTF-8 text file ({error}).") from error


def read_yaml(path: str | Path) -> dict[Any, Any]:
    """The mapping that a YAML file holds; an empty file holds an empty one.

    Raises:
        UserError: if it does not exist, is no YAML, or holds something else or too much.
    """
    try:
        content = yaml.safe_load(read_text(path))
    except (yaml.YAMLError, RecursionError) as error:
        raise UserError(f"{path} is not valid YAML ({' '.join(str(error).split())}).") from error
    if not isinstance(content, dict | None):
        raise UserError(f"{path} must be a mapping of keys to values.")
    check_extent(content, str(path))
    return content or {}


def check_extent(content: Any, what: str) -> None:
    """Check what YAML holds once its aliases are followed: a few lines can stand for 10^9 values.

    Raises:
        UserError: if it is more than `MOST_VALUES` values, or something that holds itself.
    """
    known: dict[int, float | int] = {}

    def count(item: Any) -> float | int:
        if not isinstance(item, dict | list):
            return 1
        if id(item) not in known:
            known[id(item)] = math.inf  # until it is counted: what holds itself has no end
            values = item.values() if isinstance(item, dict) else item
            known[id(item)] = 1 + sum(map(count, values))
        return known[id(item)]

    try:
        found = count(content)
    except RecursionError:
        found = math.inf
    if found > MOST_VALUES:
        raise UserError(f"{what} holds more than {MOST_VALUES} values (a YAML alias repeats them).")
