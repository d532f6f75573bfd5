"""Does memory stay flat and time linear in the number of shapes? Up to 100,000 made clouds.

    python benchmarks/scale.py [--shapes 1000 10000 100000] [--projection pointclip_zs] [--views 1]

Every stage runs in a process of its own, whose peak memory is printed; the clouds are made from a
seed while they are written, and each number's files are removed before the next.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np


STAGES = ("prepare", "project", "encode", "zero_shot")
CLASSES = [f"class {number}" for number in range(40)]
POINTS, CHUNK = 1024, 256


def made(entry: dict[str, Any], source: Path, split: str) -> Any:
    """A reader of a data set that nobody stored: ellipsoids of 40 kinds."""
    from pointclip.data.readers.base import Chunk, Split

    def chunks() -> Iterator[Chunk]:
        axes = np.random.default_rng(0).uniform(0.1, 1, (len(CLASSES), 1, 3))
        for start in range(0, entry["shapes"], CHUNK):
            number = np.arange(start, min(start + CHUNK, entry["shapes"]))
            points = np.random.default_rng(start).normal(size=(len(number), POINTS, 3))
            points /= np.linalg.norm(points, axis=2, keepdims=True)
            label = number % len(CLASSES)
            yield Chunk((points * axes[label]).astype(np.float32), label, [f"{n}" for n in number])

    return Split(CLASSES, chunks())


def prepare(folder: Path, shapes: int, projection: dict[str, Any]) -> None:
    from pointclip.data import prepare, read_split

    read_split.load_reader = lambda entry: SimpleNamespace(read=made)
    entry = {"reader": "made", "shapes": shapes}
    out = (folder / name for name in ("clouds.h5", "labels.parquet", "ids.parquet"))
    prepare.prepare(entry, folder, "test", *out)


def project(folder: Path, shapes: int, projection: dict[str, Any]) -> None:
    from pointclip.projection import project
    from pointclip.projection.projection import get_projection

    project.project(folder / "clouds.h5", get_projection(**projection), folder / "depth.h5")


def encode(folder: Path, shapes: int, projection: dict[str, Any]) -> None:
    from pointclip.encoders.encoder import load_encoder
    from pointclip.features import encode
    from pointclip.features.prompts import load_prompts
    from pointclip.features.text import encode_text

    encoder = load_encoder("iconclip", "cpu")
    encode.encode(folder / "depth.h5", encoder, folder / "features.h5")
    encode_text(CLASSES, load_prompts("iconclip"), encoder, folder / "text.parquet")


def zero_shot(folder: Path, shapes: int, projection: dict[str, Any]) -> None:
    from pointclip.classification.zero_shot import write_logits

    write_logits([folder / "features.h5"], folder / "text.parquet", None, folder / "logits.h5")


def one_stage(stage: str, folder: Path, shapes: int, projection: dict) -> dict[str, float]:
    """Run in a process of its own: seconds, imports included, and peak memory."""
    before, cpu = time.perf_counter(), time.process_time()
    globals()[stage](folder, shapes, projection)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    wall, used = time.perf_counter() - before, time.process_time() - cpu
    return {"wall": wall, "cpu": used, "peak": peak}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shapes", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--projection", default="pointclip_zs")
    parser.add_argument("--views", type=int, help="the first so many; all if not given")
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=list(STAGES))
    parser.add_argument("--folder", type=Path, help="for the files of a run; else a temporary one")
    parser.add_argument("--one", choices=STAGES, help=argparse.SUPPRESS)
    args = parser.parse_args()
    projection: dict[str, Any] = {"name": args.projection}
    if args.views:
        projection["views"] = list(range(args.views))
    if args.one:
        report = one_stage(args.one, args.folder, args.shapes[0], projection)
        sys.stdout.write(json.dumps(report) + "\n")
        return
    line = "{:>8} {:20} {:>8} {:>8} {:>10} {:>9} {:>12}\n"
    head = ("shapes", "stage", "wall s", "CPU s", "per CPU s", "peak MB", "bytes/shape")
    sys.stdout.write(line.format(*head))
    for shapes in args.shapes:
        with tempfile.TemporaryDirectory(dir=args.folder) as name:
            for stage in args.stages:
                measured = run(stage, Path(name), shapes, projection)
                sys.stdout.write(line.format(*measured))
                sys.stdout.flush()


def run(stage: str, folder: Path, shapes: int, projection: dict[str, Any]) -> tuple[object, ...]:
    """One line of the table; disk is that of the files which the stage wrote."""
    there = set(folder.iterdir())
    words = ["--one", stage, "--folder", str(folder), "--shapes", str(shapes)]
    words += ["--projection", projection["name"]]
    if "views" in projection:
        words += ["--views", str(len(projection["views"]))]
    command = [sys.executable, __file__, *words]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    m = json.loads(done.stdout)
    disk = sum(path.stat().st_size for path in set(folder.iterdir()) - there) / shapes
    numbers = m["wall"], m["cpu"], shapes / m["cpu"], m["peak"], disk
    return shapes, stage, *(f"{number:.1f}" for number in numbers)


if __name__ == "__main__":
    main()
