"""Scenes that are published as an archive, brought to this machine."""

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from pointclip.core.errors import UserError
from pointclip.data.download import local_file
from pointclip.data.prepare import download
from pointclip.data.readers.frames import PHOTO_SUFFIXES
from pointclip.encoders.hub import Probe
from pointclip.registration.pairs import missing_scenes


def fetch_scenes(entry: Mapping[str, Any], folder: str | Path) -> None:
    """Fetch a set's archive and unpack it, once for all sets that share it.

    Args:
        folder: gets the scenes below `unpacked`, and last `manifest.json` with the checksum.

    Raises:
        UserError: if none of its URLs gives the archive; with where to put the scenes by hand.
    """
    if not any(answers(probe) for probe in [ask(url) for url in entry["urls"]]):
        raise UserError(missing_scenes(entry))
    try:
        download(entry, folder, _belongs_to_scenes)
    except UserError as error:
        place = entry.get("place", entry["path"])
        raise UserError(f"{error} Put the scenes into {place} ({entry['terms']}).") from error


def _belongs_to_scenes(path: PurePosixPath) -> bool:
    return path.suffix.lower() in (*PHOTO_SUFFIXES, ".txt", ".npy")


def ask(url: str) -> Probe | Path:
    """A probe of a URL, or the local file that it names."""
    return local_file(url) or Probe(url)


def answers(asked: Probe | Path) -> bool:
    """Whether there is something behind a URL; see `ask`. What can be no file's name is none."""
    return asked.reached() if isinstance(asked, Probe) else os.path.isfile(asked)
