"""Errors caused by user input."""

from collections.abc import Iterable
from pathlib import Path


class UserError(ValueError):
    """Something the user gave cannot be used; the message is one sentence that says what and why.

    Command line and scripts print the sentence and exit with a non-zero code; no traceback.
    """


class DamagedFile(UserError):
    """A file of ours that is damaged: made anew once it is deleted."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"{path} {what}: delete it and run again, and it is made anew.")
        self.path, self.what = path, what


def choose(value: str, allowed: Iterable[str], what: str) -> str:
    """Return `value` if it is one of `allowed`.

    Raises:
        UserError: naming the value, what it was meant to be, and all that is allowed.
    """
    options = list(allowed)
    if value not in options:
        raise UserError(f"Unknown {what} '{value}': choose one of {', '.join(options)}.")
    return value
