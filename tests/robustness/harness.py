"""Runs hostile inputs one after another in a process of their own, and counts how each ends."""

import logging
import multiprocessing
import random
import resource
import sys
import tempfile
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from pointclip.core.errors import UserError


# `read`: still a valid file of its kind, and read as what it now says; or the damage is harmless.
COLUMNS = ("tried", "read", "sentence", "silent", "traceback", "hang", "abort")
BAD = COLUMNS[3:]
HANG = 60.0  # seconds
MEMORY = 4 << 30  # bytes that the process may hold: far more than torch and the good files take
LONGEST = 800  # characters of a sentence
# Reads one input and says in which column it ends; a suite makes it in an empty folder.
Case = Callable[[random.Random], str]
Suite = Callable[[Path], Case]


def told(read: Callable[[], object], silent: Callable[[], bool] = lambda: False) -> str:
    """How the reading of an input ends.

    Args:
        silent: whether what was read is wrong, asked once something was read.
    """
    try:
        read()
    except UserError as error:
        if "\n" in str(error) or len(str(error)) > LONGEST:
            raise
        return "sentence"
    return "silent" if silent() else "read"


def attack(suite: Suite, count: int, seed: int = 0, name: str = "") -> Counter[str]:
    """How `count` inputs of a suite end, by column; what is bad is described on stderr."""
    table: Counter[str] = Counter()
    context = multiprocessing.get_context("fork")
    while table["tried"] < count:
        parent, child = context.Pipe()
        process = context.Process(target=_work, args=(suite, table["tried"], count, seed, child))
        process.start()
        child.close()
        limit = 10 * HANG  # until the suite is made
        while table["tried"] < count:
            try:
                kind, why = parent.recv() if parent.poll(limit) else ("hang", "")
            except EOFError:
                kind, why = "abort", ""
            if kind == "ready":
                limit = HANG
                continue
            if kind in BAD:
                sys.stderr.write(f"{name}, seed {seed}, input {table['tried']}: {kind} {why}\n")
            table.update(["tried", kind])
            if kind in ("hang", "abort"):
                break
        process.kill()
        process.join()
    return table


def _work(suite: Suite, start: int, count: int, seed: int, answers: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("ignore")  # what goes wrong in silence, a suite finds by itself
    logging.getLogger().addHandler(logging.NullHandler())
    with tempfile.TemporaryDirectory() as folder:
        case = suite(Path(folder))
        answers.send(("ready", ""))
        for number in range(start, count):
            try:
                kind, why = case(random.Random(f"{seed} {number}")), ""
            except Exception:
                kind, why = "traceback", traceback.format_exc(limit=-4)
            answers.send((kind, why))


def row(name: str, table: Counter[str]) -> str:
    """A row of the Markdown table."""
    return "| " + " | ".join([name, *(f"{table[column]:,}" for column in COLUMNS)]) + " |"
