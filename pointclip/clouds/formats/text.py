"""Points as lines of numbers, and the numbers themselves."""

import logging
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from jaxtyping import Float

from pointclip.clouds.colors import color_columns
from pointclip.clouds.mesh import Scan, Subsampler
from pointclip.core.errors import UserError


logger = logging.getLogger(__name__)
BLOCK = 8 << 20
LONGEST_LINE = 1 << 16
SEPARATORS = bytes.maketrans(b",;\t\r|", b"     ")


def read_text(path: Path, index: int, rng: np.random.Generator) -> Scan:
    """XYZ, TXT, CSV, PTS: a point a line, numbers between spaces, commas, semicolons or tabs.

    What stands before the first line of numbers is a header; if it names x, y and z, these columns
    are read, and those of r, g and b (or red, green and blue) if it names them; else the first
    three. A line with a single number before the points is their count
    (PTS).
    """
    with path.open("rb") as f:
        columns, width, announced = _skip_header(f)
        subsampler, count = Subsampler(rng), 0
        for block in line_blocks(f):
            table = _table(block, width)
            subsampler.add(table[:, columns])
            count += len(table)
    if announced is not None and count < announced:
        raise UserError(f"it announces {announced} points, but holds {count}")
    return subsampler.scan()


def line_blocks(f: BinaryIO) -> Iterator[bytes]:
    """The rest of a file in blocks of whole lines.

    Raises:
        UserError: if a line is longer than any line of numbers.
    """
    rest = b""
    while read := f.read(BLOCK):
        whole, newline, rest = (rest + read).rpartition(b"\n")
        if newline:
            yield whole
        if len(rest) > LONGEST_LINE:
            raise UserError("it has lines too long for lines of numbers")
    if rest.strip(b" \t\r\n\0"):
        warn_of_open_line()
        yield rest


def warn_of_open_line() -> None:
    """A text without a line end after its last line may be cut short within a number."""
    logger.warning("has no line end after its last line: it may be cut short")


def numbers(text: bytes) -> Float[np.ndarray, "number"]:
    """All numbers of a text.

    Raises:
        UserError: if there is anything else in it.
    """
    text = text.translate(SEPARATORS).strip()
    if not text:
        return np.empty(0)  # numpy would make one number of it
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return np.fromstring(text, np.float64, sep=" ")
    except (DeprecationWarning, ValueError, UnicodeError) as error:
        raise UserError("it has something else where numbers should be") from error


def _table(block: bytes, width: int) -> Float[np.ndarray, "row {width}"]:
    if b"#" in block:
        block = re.sub(rb"#[^\n]*", b"", block)
    found = numbers(block)
    if len(found) % width:
        raise UserError(f"its lines are not all {width} numbers long")
    return found.reshape(-1, width)


def _skip_header(f: BinaryIO) -> tuple[list[int], int, int | None]:
    """Which columns are x, y and z, how many there are, and how many points are announced; leaves
    `f` at the first point."""
    columns, announced = [0, 1, 2], None
    for _ in range(1000):
        start = f.tell()
        line = f.readline(LONGEST_LINE)
        if not line:
            break
        fields = line.partition(b"#")[0].translate(SEPARATORS).split()
        if len(fields) >= 3 and _all_numbers(fields):
            f.seek(start)
            if max(columns) >= len(fields):
                raise UserError("its lines are shorter than its header")
            return columns, len(fields), announced
        if len(fields) == 1 and fields[0].isdigit() and len(fields[0]) < 19:
            announced = int(fields[0])
        names = [
            name.strip(b"\"'/#").lower()
            for name in line.translate(SEPARATORS).strip(b"/# \n").split()
        ]
        if {b"x", b"y", b"z"} <= set(names):
            columns = [names.index(axis) for axis in (b"x", b"y", b"z")]
            columns += color_columns([name.decode("latin-1") for name in names])
    raise UserError("it has no lines of three or more numbers")


def _all_numbers(fields: list[bytes]) -> bool:
    try:
        return all(float(field) is not None for field in fields)
    except ValueError:
        return False
