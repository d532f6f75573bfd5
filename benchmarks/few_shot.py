"""How fast the few-shot part learns, chooses and searches, beside what the machine's products do.

    python benchmarks/few_shot.py [--threads 2] [--channels 512] [--device cpu] [--epochs 3]

Shares are against a large matrix product timed in between, on the same threads, so that a busy
machine slows both. Features are random: speed does not depend on them.
"""

import argparse
import sys
import time
from collections.abc import Callable

import numpy as np
import torch

from pointclip.catalog.adapters import InterView
from pointclip.classification import view_weights
from pointclip.classification.adapters import inter_view
from pointclip.classification.adapters.task import FewShotTask


VIEWS, CLASSES, SHOTS, TEST = 10, 40, 4, 2468


def random_task(seeds: int, channels: int, device: torch.device) -> FewShotTask:
    generator = torch.Generator().manual_seed(0)
    shapes = CLASSES * SHOTS * 3
    augmented = torch.randn(2, shapes, VIEWS, channels, generator=generator).half()
    rows = torch.stack([torch.randperm(shapes, generator=generator) for _ in range(seeds)])
    labels = torch.arange(CLASSES).repeat_interleave(SHOTS).repeat(seeds, 1)
    task = FewShotTask(
        features=augmented[0],
        augmented=augmented,
        shot_index=rows[:, : CLASSES * SHOTS].contiguous(),
        labels=labels,
        seeds=list(range(seeds)),
        classes=[f"class_{k}" for k in range(CLASSES)],
        prototypes=torch.randn(CLASSES, channels, generator=generator),
        logit_scale=100.0,
    )
    return task.to(device)


def timed(work: Callable[[], object], device: torch.device, clock: Callable[[], float]) -> float:
    start = clock()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return clock() - start


def matmul_rate(device: torch.device, clock: Callable[[], float], size: int = 2048) -> float:
    """Operations per second of one large float32 product."""
    a, b = torch.randn(2, size, size, device=device)
    return 2 * size**3 / min(timed(lambda: a @ b, device, clock) for _ in range(4))


def operations(channels: int) -> int:
    """Multiplications and additions of one shape through the adapter's three linear layers."""
    return 2 * (2 * VIEWS * channels**2 + channels**2)


def training(args: argparse.Namespace, device: torch.device, clock: Callable) -> None:
    seconds = {}
    for seeds in (1, 10):
        course = inter_view.fit(random_task(seeds, args.channels, device), InterView())
        next(course)
        shares, times = [], []
        for _ in range(args.epochs):
            rate = matmul_rate(device, clock)
            took = timed(lambda: next(course), device, clock)  # noqa: B023
            done = 3 * operations(args.channels) * CLASSES * SHOTS * seeds  # forward and backward
            shares.append(done / took / rate)
            times.append(took)
        seconds[seeds] = min(times)
        say(
            f"training, {seeds:2d} seeds: {min(times):7.3f} s an epoch of {CLASSES * SHOTS} shots, "
            f"{100 * max(shares):3.0f} % of the product rate ({rate / 1e9:.0f} GFLOP/s)"
        )
    say(f"ten seeds take {seconds[10] / seconds[1]:.1f} times as long as one")


def choosing(args: argparse.Namespace, device: torch.device, clock: Callable) -> None:
    task = random_task(10, args.channels, device)
    state = next(inter_view.fit(task, InterView(epochs=1)))
    features = torch.randn(256, VIEWS, args.channels, device=device).half()

    def evaluate() -> torch.Tensor:
        return inter_view.logits(state, features, task.prototypes, task.logit_scale)

    evaluate()
    rate = matmul_rate(device, clock)
    took = min(timed(evaluate, device, clock) for _ in range(args.epochs))
    share = operations(args.channels) * len(features) * 10 / took / rate
    say(
        f"evaluation, 10 seeds: {took * TEST / len(features):.2f} s for {TEST} shapes, "
        f"{100 * share:.0f} % of the product rate"
    )


def searching() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, CLASSES, TEST)
    for views in (6, 10):
        logits = (rng.normal(size=(TEST, views, CLASSES)) + 20).astype(np.float32)
        logits[np.arange(TEST), :, labels] += 1.2
        view_weights.grid_search(logits[:10], labels[:10])  # compiles
        start = time.perf_counter()
        view_weights.grid_search(logits, labels, threads=torch.get_num_threads())
        say(f"view weights, all 4^{views}: {time.perf_counter() - start:.2f} s")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--channels", type=int, default=512)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument(
        "--cpu-time", action="store_true", help="count CPU seconds: for a busy machine, 1 thread"
    )
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    device = torch.device(args.device)
    clock = time.process_time if args.cpu_time else time.perf_counter
    training(args, device, clock)
    choosing(args, device, clock)
    searching()


if __name__ == "__main__":
    main()
