"""Files that appear under their own names only when they are complete.

So a later job never takes what a killed one left for finished.
"""

import glob
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """Yield a temporary name beside `path`; move it into place if the block succeeds.

    The temporary name keeps the suffix (matplotlib and others read the format from it). What killed
    processes of this machine have left of the same file is deleted.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f".{glob.escape(path.stem)}.*.partial{glob.escape(path.suffix)}"):
        owner = left.name.removesuffix(f".partial{path.suffix}").rpartition(".")[2]
        if owner.isdecimal() and not is_running(int(owner)):
            left.unlink(missing_ok=True)
    partial = path.with_name(f".{path.stem}.{os.getpid()}.partial{path.suffix}")
    try:
        yield partial
        _to_disk(partial)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def is_running(process: int) -> bool:
    """Whether a process of this machine is alive."""
    try:
        os.kill(process, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True


def link_or_copy(source: str | Path, target: str | Path) -> None:
    """Give a file a second name: a hard link, or a copy where there can be none."""
    with atomic(target) as partial:
        try:
            os.link(source, partial)
        except OSError:
            shutil.copyfile(source, partial)


def write_text(text: str, path: str | Path) -> None:
    """Write `text` as UTF-8."""
    with atomic(path) as partial:
        partial.write_text(text, encoding="utf-8")


def write_json(content: Mapping[str, Any], path: str | Path) -> None:
    """Write what other files are, as JSON, when these are on the disk."""
    os.sync()
    write_text(json.dumps(content, indent=1) + "\n", path)


def _to_disk(path: Path) -> None:
    """Wait until a file's content lies on the disk: a power cut must not empty a finished file."""
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
