"""Lists of classes to choose from: those of known data sets, or a file's."""

import json
from pathlib import Path

from pointclip.catalog.datasets import CLASSES, FURNITURE
from pointclip.core.errors import UserError
from pointclip.core.store import open_h5


MAX_BYTES = 1_000_000  # bytes; a list of names has not more


def read_classes(source: str | Path) -> list[str]:
    """The classes of `furniture`, of a data set in the catalog, or of a file.

    A file is UTF-8 text with one name a line, or JSON with a list of names.

    Raises:
        UserError: if it is none of these.
    """
    if source in CLASSES:
        return list(CLASSES[str(source)])
    if source == "furniture":
        with open_h5(FURNITURE, foreign=True) as f:
            return [str(name) for name in f.attrs["classes"]]
    path = Path(source)
    if not path.is_file():
        names = ", ".join(["furniture", *CLASSES])
        raise UserError(f"'{source}' is no list of classes: choose one of {names}, or a file.")
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UserError(f"{path} is too large for a list of classes.")
        text = path.read_text(encoding="utf-8-sig")
        found = json.loads(text) if path.suffix == ".json" else text.splitlines()
    except (OSError, ValueError, RecursionError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"{path} is no text file with one class a line ({error}).") from error
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        raise UserError(f"{path} must hold a list of names.")
    return [name.strip() for name in found if name.strip()]
