"""Tries hostile inputs of all kinds and prints one table of how they ended: `make attack`."""

import argparse
import os
import sys
from collections import Counter
from pathlib import Path

import clouds
import kills
import own_files
import server
import strangers
from harness import BAD, COLUMNS, attack, row


# Suites that take long for an input get fewer of them.
SUITES = {**own_files.SUITES, **strangers.SUITES, **clouds.SUITES, **server.SUITES}
SHARES = {"configs": 0.2, "frames": 0.3, "hostile servers": 0.1}
FLIPS = 300  # of each kind of file
HEAD = """# How hostile inputs end

Made by `make attack` with {options}, in {minutes:.0f} minutes.
`read`: still a valid file of its kind, read as what it now says, or damaged without any effect.
`sentence`: refused in one sentence. All other columns are faults: `silent` is a damaged file that
was read as other values, `hang` is more than 60 s, `abort` the end of the process.
For kills, `read` is a run that the next ordinary command has brought to the same files, byte for
byte, without a flag or a step by hand; a kill is a SIGKILL, or one or several Ctrl-C, at a random
moment.
"""


def count_of(name: str, inputs: int) -> int:
    """How many inputs a suite gets of `inputs` in all."""
    if name in own_files.SUITES:
        return min(FLIPS, inputs)
    shares = {name: SHARES.get(name, 1.0) for name in SUITES if name not in own_files.SUITES}
    left = max(0, inputs - FLIPS * len(own_files.SUITES))
    return max(1, round(left * shares[name] / sum(shares.values())))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=50_000)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", help="suites whose names hold this")
    parser.add_argument("--write", type=Path, help="a page for the table")
    options = parser.parse_args()
    start = os.times().elapsed
    found: dict[str, Counter[str]] = {}
    lines = ["| | " + " | ".join(COLUMNS) + " |", "|---|" + "---:|" * len(COLUMNS)]

    def tell(name: str, table: Counter[str]) -> None:
        found[name] = table
        lines.append(row(name, table))
        sys.stderr.write(lines[-1] + "\n")

    for name, suite in SUITES.items():
        if not options.only or options.only in name:
            tell(name, attack(suite, count_of(name, options.inputs), options.seed, name))
    tell("all inputs", sum(found.values(), Counter()))
    if options.kills:
        tell("kills of a run", kills.attack(options.kills, options.seed))
    sys.stdout.write("\n".join(lines) + "\n")
    if options.write:
        minutes = (os.times().elapsed - start) / 60
        head = HEAD.format(options=" ".join(sys.argv[1:]), minutes=minutes)
        options.write.write_text(head + "\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return int(any(table[column] for table in found.values() for column in BAD))


if __name__ == "__main__":
    sys.exit(main())
