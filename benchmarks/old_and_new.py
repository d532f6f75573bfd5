"""This tree beside an older one (2c43fff), in turn: `contour`, the `project` stage, `released`.

    git worktree add ../old 2c43fff
    python benchmarks/old_and_new.py ../old [--rounds 3] [--epochs 10] [--what contour stage]

Every figure is CPU time of one thread, best of several rounds; the two trees and the baselines take
turns, so that a busy machine slows all. Rounds are processes of their own, with the tree's library.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


GOLDEN = Path(__file__).resolve().parents[1] / "tests" / "golden" / "projections.npz"
SHAPES, BATCH = 48, 16
SEEDS, CLASSES, SHOTS, TEST, VIEWS = 10, 40, 16, 2468, 10


def clouds() -> np.ndarray:
    """Scanned objects, turned at random."""
    rng = np.random.default_rng(0)
    turns = np.linalg.qr(rng.normal(size=(SHAPES, 3, 3)))[0]
    shapes = np.load(GOLDEN)["points"]
    picked = shapes[np.arange(SHAPES) % len(shapes)]
    return np.ascontiguousarray(picked @ turns, dtype=np.float32)


def cpu(work: Callable[[], object], times: int = 3) -> float:
    best = float("inf")
    for _ in range(times):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def renderer(name: str) -> Callable[[np.ndarray], np.ndarray]:
    """The kernel of either tree."""
    try:
        from pointclip.projection.projection import get_projection
    except ImportError:
        from pointclip.projection import get_projection  # type: ignore[no-redef,attr-defined]
    projection = get_projection(name)
    render = projection.render_numpy if hasattr(projection, "render_numpy") else projection.on_numpy
    return lambda points: render(points, 1)


def contour() -> dict[str, float]:
    points, found = clouds(), {}
    ways = {name: renderer(name) for name in ("pointclip_v2", "contour")}
    for name, render in ways.items():
        render(points[:2])  # compiles
        found[f"{name}, ms a cloud"] = 1e3 * cpu(lambda: render(points)) / SHAPES  # noqa: B023
    found["contour / pointclip_v2"] = (
        found["contour, ms a cloud"] / found["pointclip_v2, ms a cloud"]
    )
    return found


def stage() -> dict[str, float]:
    """The stage beside its kernel: CPU time in all, and of the busier of its two threads."""
    try:
        from pointclip.core.store import new_h5
        from pointclip.projection import project as module
        from pointclip.projection.projection import get_projection

        work = ("render_float16", "_packed_dots")
    except ImportError:
        from pointclip.store import new_h5  # type: ignore[no-redef,import-not-found]

        from pointclip import depth as module  # type: ignore[no-redef,attr-defined]
        from pointclip.projection import get_projection  # type: ignore[no-redef,attr-defined]

        work = ("in_half",)
    points, found = clouds(), {}
    for name in ("pointclip_zs", "pointclip_fs", "pointclip_v2"):
        render = renderer(name)
        render(points[:2])
        spent = [0.0]

        def watch(plain: Any, spent: list[float] = spent) -> Callable[..., Any]:
            def watched(*args: Any) -> Any:
                start = time.thread_time()
                maps = plain(*args)
                spent[0] += time.thread_time() - start
                return maps

            return watched

        plain = {name: getattr(module, name) for name in work if hasattr(module, name)}
        with tempfile.TemporaryDirectory() as folder:
            path, out = Path(folder, "clouds.h5"), Path(folder, "depth.h5")
            with new_h5(path) as f:
                f["points"] = points
                f["id"] = np.array([f"test/{k:06d}" for k in range(SHAPES)], dtype="S")
            kernel = cpu(lambda: render(points)) / SHAPES  # noqa: B023
            module.project(path, get_projection(name), out)
            for function, of in plain.items():
                setattr(module, function, watch(of))
            best = float("inf")
            for _ in range(3):
                spent[0], start = 0.0, time.process_time()
                module.project(path, get_projection(name), out)
                total = time.process_time() - start
                if total < best:
                    best, thread = total, spent[0]
            for function, of in plain.items():
                setattr(module, function, of)
            size = out.stat().st_size / SHAPES / 1024
        whole, longer = best / SHAPES, max(thread, best - thread) / SHAPES
        found[f"{name}: kernel, ms a cloud"] = 1e3 * kernel
        found[f"{name}: stage, ms a cloud"] = 1e3 * whole
        found[f"{name}: kernel / busier thread of the stage, %"] = 100 * kernel / longer
        found[f"{name}: kernel / stage, %"] = 100 * kernel / whole
        found[f"{name}: KiB a cloud"] = size
    return found


def released(epochs: int, channels: int) -> dict[str, float]:
    """Training with the choice of the epoch on test labels, ten seeds, sixteen shots."""
    import torch

    torch.set_num_threads(1)
    task, features, labels = _task(channels)
    try:
        from pointclip.classification.few_shot.train import train_released
    except ImportError:
        from pointclip.protocols import train_released  # type: ignore[no-redef,import-not-found]
    start = time.process_time()
    state = train_released("inter_view", task, features, labels, epochs=epochs)
    took = time.process_time() - start
    return {
        "released, CPU s an epoch": took / epochs,
        "released, minutes for 250 epochs": took / epochs * 250 / 60,
        "mean epoch chosen": float(state["epoch"].mean()),
    }


def _task(channels: int) -> tuple[Any, Any, Any]:
    """Shapes around class centres, as hard to tell apart as ModelNet40's (about 75 % right)."""
    import torch

    generator = torch.Generator().manual_seed(0)
    centres = torch.randn(CLASSES, 1, channels, generator=generator)

    def shapes(of: Any) -> Any:
        own = torch.randn(len(of), 1, channels, generator=generator)
        noise = torch.randn(len(of), VIEWS, channels, generator=generator)
        return (centres[of] + 4 * own + noise).half()

    train = torch.arange(CLASSES).repeat_interleave(2 * SHOTS)
    test = torch.randint(CLASSES, (TEST,), generator=generator)
    rows = [
        torch.cat(
            [
                2 * SHOTS * k + torch.randperm(2 * SHOTS, generator=generator)[:SHOTS]
                for k in range(CLASSES)
            ]
        )
        for _ in range(SEEDS)
    ]
    index, clean = torch.stack(rows), shapes(train)
    given = {"labels": train[index], "seeds": list(range(SEEDS)), "logit_scale": 100.0}
    given["prototypes"] = torch.nn.functional.normalize(centres[:, 0], dim=-1)
    try:
        from pointclip.classification.adapters.task import FewShotTask

        names = {"features": clean, "augmented": clean[None], "shot_index": index}
        names["classes"] = [str(k) for k in range(CLASSES)]
    except ImportError:
        from pointclip.adapters import FewShotTask  # type: ignore[no-redef,import-not-found]

        names = {"clean": clean, "bank": clean[None], "rows": index}
    return FewShotTask(**names, **given), shapes(test), test


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("old", type=Path, help="a worktree of an older commit")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--channels", type=int, default=128, help="of the features of `released`")
    parser.add_argument("--what", nargs="+", default=["contour", "stage", "released"])
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        work = {
            "contour": contour,
            "stage": stage,
            "released": lambda: released(args.epochs, args.channels),
        }
        sys.stdout.write(json.dumps(work[args.what[0]]()))
        return
    trees = {"old": args.old.resolve(), "new": Path(__file__).resolve().parents[1]}
    for what in args.what:
        rounds: dict[str, list[dict]] = {name: [] for name in trees}
        for _ in range(args.rounds):
            for name, tree in trees.items():
                words = [sys.executable, __file__, str(args.old), "--one", "--what", what]
                words += ["--epochs", str(args.epochs), "--channels", str(args.channels)]
                env = {**os.environ, "PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1"}
                done = subprocess.run(words, env=env, check=True, capture_output=True, text=True)
                rounds[name].append(json.loads(done.stdout))
        for key in rounds["new"][0]:
            row = [f"{min(found[key] for found in rounds[name]):9.2f}" for name in trees]
            sys.stdout.write(f"{key:60} old {row[0]}   new {row[1]}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
