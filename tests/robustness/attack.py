"""Tries hostile inputs of all kinds and prints one table of how they ended: `make attack`.

The work is cut into parts, whose counts lie in a folder for this state of the code: a call that is
ended, or has `--minutes`, is gone on with by the next one, and several may work beside each other.
`--minutes 0 --write PAGE` writes the table of what has run so far.
"""

import argparse
import contextlib
import hashlib
import json
import signal
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
from filelock import FileLock, Timeout
from harness import BAD, COLUMNS, attack, row
from places import REPOSITORY

from pointclip.core.atomic import write_text


SUITES = {**own_files.SUITES, **strangers.SUITES, **clouds.SUITES, **server.SUITES}
# Suites that take long for an input get fewer of them.
SHARES = {"configs": 0.2, "frames": 0.3, "hostile servers": 0.1, "published data sets": 0.5}
FLIPS = 300  # of each kind of file that the project writes
PART = 500  # inputs
KILLS = "kills of a run"
HEAD = """# How hostile inputs end

Made by `make attack SEED={seed}`, {done} of its {all} parts, on the state `{code}` of the code;
[security.md](security.md) says what is promised.
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


def code() -> str:
    """Changes with all that an attack runs."""
    found = hashlib.sha256()
    for folder in ("pointclip", "scripts", "workflow", "tests/helpers", "tests/robustness"):
        for path in sorted(Path(REPOSITORY, folder).rglob("*")):
            if path.suffix in (".py", ".smk", ".yaml") or path.name == "Snakefile":
                found.update(path.read_bytes())
    return found.hexdigest()[:12]


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
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what it has started ends with it
    end = time.monotonic() + 60 * options.minutes
    state = options.state / code()
    state.mkdir(parents=True, exist_ok=True)
    found: dict[str, Counter[str]] = {}
    planned, done = Counter[str](), Counter[str]()
    for name, part, make in parts(options.inputs, options.kills, options.seed, state):
        if options.only not in name:
            continue
        planned[name] += 1
        table, path = found.setdefault(name, Counter()), state / f"{part}.json"
        if not path.exists() and time.monotonic() < end:
            # The lock of a call that was killed is gone with it.
            with contextlib.suppress(Timeout), FileLock(f"{path}.lock", timeout=0):
                if not path.exists():
                    write_text(json.dumps(make()), path)
        if path.exists():
            done[name] += 1
            table.update(json.loads(path.read_text()))
    told = {
        name: row(
            name + f" ({done[name]} of {count} parts run)" * (done[name] < count), found[name]
        )
        for name, count in planned.items()
    }
    inputs = sum((table for name, table in found.items() if name != KILLS), Counter())
    last = told.pop(KILLS, None)
    lines = ["| | " + " | ".join(COLUMNS) + " |", "|---|" + "---:|" * len(COLUMNS)]
    lines += [*told.values(), row("all inputs", inputs), *([last] if last else [])]
    sys.stdout.write("\n".join(lines) + "\n")
    if options.write:
        head = HEAD.format(
            seed=options.seed, done=done.total(), all=planned.total(), code=state.name
        )
        options.write.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    return int(any(table[column] for table in found.values() for column in BAD))


if __name__ == "__main__":
    sys.exit(main())
