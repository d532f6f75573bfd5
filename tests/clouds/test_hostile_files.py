"""Files that are nearly right, under every suffix: each is a cloud or one sentence.

More than the suite tries, by hand: `python tests/clouds/test_hostile_files.py 20000`.
"""

import logging
import random
import re
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from cloud_files import GOOD, write
from mutate import mutate

from pointclip.clouds.load import load_colored_cloud
from pointclip.core.errors import UserError


COLUMNS = ("tried", "cloud", "sentence", "time", "memory", "crash", "silent", "traceback", "hang")
# A sentence may say that the process which reads the file was ended: "time", "memory", "crash".
LIMITS = {"time": "takes longer than", "memory": "of memory to read", "crash": "reader crashed"}
# Of a text without a count, whole lines may be missing and no reader can know.
COUNTED = (".off", ".ply", ".pcd", ".stl", ".npy", ".npz", ".h5", ".las", ".laz", ".glb", ".gltf")
HANG = 60  # seconds, far more than any budget of these small files


class Warned(logging.Handler):
    """Whether anything was said of the file."""

    said = False

    def emit(self, record: logging.LogRecord) -> None:
        self.said = True


def outcome(path: Path, change: str, original: bytes) -> str:
    """Read a changed file: one of COLUMNS."""
    warned = Warned()
    logging.getLogger("pointclip").addHandler(warned)
    start = time.perf_counter()
    try:
        cloud, colors = load_colored_cloud(path, 64)
    except UserError as error:
        text = str(error)
        assert "\n" not in text
        assert len(text) < 500
        assert str(path) in text
        return next((name for name, part in LIMITS.items() if part in text), "sentence")
    except Exception:
        return "traceback"
    finally:
        logging.getLogger("pointclip").removeHandler(warned)
        if time.perf_counter() - start > HANG:
            return "hang"  # noqa: B012
    assert cloud.shape == (64, 3)
    assert cloud.dtype == np.float32
    assert np.isfinite(cloud).all()
    assert colors is None or colors.shape == (64, 3)
    data = path.read_bytes()
    missing = change == "cut" and original[len(data) :].strip()
    whole_lines = path.suffix.lower() not in COUNTED and re.search(rb"[\r\n]\s*$", data)
    return "silent" if missing and not whole_lines and not warned.said else "cloud"


def attack(count: int, seed: int) -> dict[str, Counter[str]]:
    """Change good files `count` times and read them: suffix -> column -> number."""
    rng, table = random.Random(seed), defaultdict[str, Counter[str]](Counter)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        good = {name: write(folder / name, GOOD[name]).read_bytes() for name in GOOD}
        for _ in range(count):
            name = rng.choice(sorted(good))
            data, change = mutate(name, good[name], rng)
            path = folder / f"changed{Path(name).suffix}"
            path.write_bytes(data)
            kind = outcome(path, change, good[name])
            table[path.suffix.lower()].update(["tried", kind])
            if kind in ("silent", "traceback", "hang"):
                kept = Path(tempfile.gettempdir()) / f"{kind}-{change}-{name}"
                kept.write_bytes(data)
    return table


@pytest.mark.slow
def test_a_changed_file_is_a_cloud_or_a_sentence():
    table = attack(1000, seed=0)
    for suffix, found in table.items():
        assert not found["silent"] + found["traceback"] + found["hang"], (suffix, found)
        assert found["cloud"], suffix
        assert found["sentence"], suffix
    assert set(table) == {Path(name).suffix.lower() for name in GOOD}


def main(count: int, seed: int = 0) -> None:
    table = attack(count, seed)
    rows = [["", *COLUMNS]]
    rows += [[suffix, *(table[suffix][c] for c in COLUMNS)] for suffix in sorted(table)]
    total = sum(table.values(), Counter())
    rows += [["all", *(total[c] for c in COLUMNS)]]
    for row in rows:
        sys.stdout.write("| " + " | ".join(f"{cell!s:>9}" for cell in row) + " |\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
