"""Tries hostile inputs of all kinds and prints one table of how they ended: `make attack`.

The work is cut into parts, whose counts lie in a folder: a call that is ended, or has `--minutes`,
is gone on with by the next one, and several may work beside each other.
"""

import argparse
import contextlib
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import clouds
import kills
import own_files
import server
import strangers
from harness import BAD, COLUMNS, attack, row


SUITES = {**own_files.SUITES, **strangers.SUITES, **clouds.SUITES, **server.SUITES}
# Suites that take long for an input get fewer of them.
SHARES = {"configs": 0.2, "frames": 0.3, "hostile servers": 0.1}
FLIPS = 300  # of each kind of file that the project writes
PART = 500  # inputs
KILLS = "kills of a run"
HEAD = """# How hostile inputs end

Made by `make attack SEED={seed}`, {done} of its {all} parts; [security.md](security.md) says what
is promised.
`read`: still a valid file of its kind, read as what it now says, or damaged without any effect.
`sentence`: refused in one sentence. All other columns are faults: `silent` is a damaged file that
was read as other values, `hang` is more than 60 s, `abort` the end of the process.

For kills, `read` means that the ordinary command went on, without a flag or a step by hand, and
that the results were the same in the end, byte for byte. A kill is a SIGKILL of the run, or of it
and its jobs, the same with all files cut that nobody waited for (a power cut), or one or many
Ctrl-C, at a random moment.

"""


def count_of(name: str, inputs: int) -> int:
    """How many inputs a suite gets of `inputs` in all."""
    if name in own_files.SUITES:
        return min(FLIPS, inputs)
    shares = {name: SHARES.get(name, 1.0) for name in SUITES if name not in own_files.SUITES}
    left = max(0, inputs - FLIPS * len(own_files.SUITES))
    return max(1, round(left * shares[name] / sum(shares.values())))


def parts(inputs: int, killed: int, seed: int, state: Path) -> Iterator[tuple[str, str, Callable]]:
    """Name of the suite, name of the part, and what makes its table."""
    for name, suite in SUITES.items():
        count = count_of(name, inputs)
        for start in range(0, count, PART):
            size, own_seed = min(PART, count - start), 1000 * seed + start // PART
            part = f"{name} {seed} {start}".replace(" ", "_")
            yield name, part, lambda s=suite, n=size, i=own_seed, of=name: attack(s, n, i, of)
    for start in range(0, killed, kills.PER_PROJECT):
        size, own_seed = min(kills.PER_PROJECT, killed - start), 1000 * seed + start
        part = f"kills {seed} {start}".replace(" ", "_")
        yield KILLS, part, lambda n=size, i=own_seed: kills.attack(state, n, i)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=50_000)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="suites whose names hold this")
    parser.add_argument("--state", type=Path, default=Path("results/attack"))
    parser.add_argument("--minutes", type=float, default=1e9, help="begin no part after these")
    parser.add_argument("--write", type=Path, help="a page for the table")
    options = parser.parse_args()
    end = time.monotonic() + 60 * options.minutes
    options.state.mkdir(parents=True, exist_ok=True)
    found: dict[str, Counter[str]] = {}
    done = 0
    for name, part, make in parts(options.inputs, options.kills, options.seed, options.state):
        if options.only not in name:
            continue
        path = options.state / f"{part}.json"
        if time.monotonic() < end:
            with contextlib.suppress(FileExistsError):
                path.touch(exist_ok=False)  # so that no other call takes it too
                try:
                    path.write_text(json.dumps(make()))
                except BaseException:
                    path.unlink()
                    raise
        if path.is_file() and path.stat().st_size:
            done += 1
            table = found.setdefault(name, Counter())
            table.update(json.loads(path.read_text()))
    inputs = sum((table for name, table in found.items() if name != KILLS), Counter())
    lines = ["| | " + " | ".join(COLUMNS) + " |", "|---|" + "---:|" * len(COLUMNS)]
    lines += [row(name, table) for name, table in found.items() if name != KILLS]
    lines += [row("all inputs", inputs), row(KILLS, found.get(KILLS, Counter()))]
    sys.stdout.write("\n".join(lines) + "\n")
    if options.write:
        count = sum(1 for _ in parts(options.inputs, options.kills, options.seed, options.state))
        head = HEAD.format(seed=options.seed, done=done, all=count)
        page = head + "\n".join(lines) + "\n"
        options.write.write_text(page, encoding="utf-8")
    return int(any(table[column] for table in found.values() for column in BAD))


if __name__ == "__main__":
    sys.exit(main())
