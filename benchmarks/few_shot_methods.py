"""CPU seconds of every few-shot method from cached features: ModelNet40's size, ten seeds.

    python benchmarks/few_shot_methods.py times.jsonl [--methods gda timo] [--shots 1 16]
    python benchmarks/few_shot_methods.py times.jsonl --table

A line of the file is one training as `scripts/train.py` does it: the fit, the search on held-out
shapes and the logits of 2,468 test shapes, without imports. Lines that are there are not measured
again, so that a run may be stopped. Features are made (40 classes, 10 views, 128 channels), or
those of an NPZ with the arrays of `made`.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from pointclip.catalog.adapters import METHODS, WITHOUT_COPIES
from pointclip.classification.adapters.method import load_method
from pointclip.classification.adapters.task import FewShotTask
from pointclip.classification.few_shot.train import accuracies, train


CLASSES, VIEWS, CHANNELS, POOL, HELD_OUT, COPIES, TEST = 40, 10, 128, 40, 4, 3, 2468
SEEDS = list(range(1, 11))


def made() -> dict[str, np.ndarray]:
    """Shapes around class centres, about as hard to tell apart as ModelNet40's."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(CLASSES, 1, CHANNELS))

    def shapes(labels: np.ndarray) -> np.ndarray:
        own = 2.1 * rng.normal(size=(len(labels), 1, CHANNELS))
        noise = rng.normal(size=(len(labels), VIEWS, CHANNELS))
        return (10 * (centres[labels] + own + noise)).astype(np.float16)

    labels = {
        "train": np.repeat(np.arange(CLASSES), POOL),
        "held_out": np.repeat(np.arange(CLASSES), HELD_OUT),
        "test": rng.integers(0, CLASSES, TEST),
    }
    found = {f"{name}_labels": of for name, of in labels.items()}
    found |= {name: shapes(of) for name, of in labels.items()}
    found["augmented"] = np.stack([shapes(labels["train"]) for _ in range(COPIES)])
    sentences = centres + 0.3 * rng.normal(size=(CLASSES, 3, CHANNELS))
    return found | {"sentences": sentences.astype(np.float32), "logit_scale": np.array(100.0)}


def read_task(arrays: dict[str, np.ndarray], shots: int, copies: bool) -> FewShotTask:
    """Ten seeds of `shots` shapes a class."""
    labels = arrays["train_labels"]
    rows = [
        np.concatenate(
            [
                np.random.default_rng([seed, k]).permutation(np.flatnonzero(labels == k))[:shots]
                for k in range(CLASSES)
            ]
        )
        for seed in SEEDS
    ]
    sentences = torch.from_numpy(arrays["sentences"]).float()
    unit = torch.nn.functional.normalize(sentences, dim=-1)
    train = torch.from_numpy(arrays["train"])
    return FewShotTask(
        features=train,
        augmented=torch.from_numpy(arrays["augmented"]) if copies else train[None],
        shot_index=torch.from_numpy(np.stack(rows)),
        labels=torch.from_numpy(labels[np.stack(rows)]),
        seeds=SEEDS,
        classes=[str(k) for k in range(CLASSES)],
        prototypes=torch.nn.functional.normalize(unit.mean(1), dim=-1),
        logit_scale=float(arrays["logit_scale"]),
        validation=torch.from_numpy(arrays["held_out"]),
        validation_labels=torch.from_numpy(arrays["held_out_labels"]),
        sentences=unit,
        text_norm=float(sentences.norm(dim=-1).mean()),
    )


def measure(method: str, shots: int, arrays: dict[str, np.ndarray]) -> dict[str, object]:
    task = read_task(arrays, shots, method not in WITHOUT_COPIES)
    spent: list[float] = []
    start = time.process_time()
    learned = train(method, task, spent)
    module = load_method(method)
    test, labels = (torch.from_numpy(arrays[name]) for name in ("test", "test_labels"))
    with torch.no_grad():
        found = {k: accuracies(module, state, task, test, labels) for k, state in learned.items()}
    line: dict[str, object] = {"method": method, "shots": shots, "fit": sum(spent)}
    line["cpu"] = time.process_time() - start
    for protocol, accuracy in found.items():
        line |= {protocol: accuracy.mean(), f"{protocol}_std": accuracy.std(ddof=1)}
    return line


def table(path: Path) -> str:
    """Fit and whole job, CPU seconds of ten seeds, and accuracy, by method."""
    rows = pd.read_json(path, lines=True)
    wide = rows.pivot(index="method", columns="shots", values=["plain", "cpu"]).round(1)
    total = f"\nall methods and shots: {rows['cpu'].sum() / 60:.1f} CPU minutes\n"
    return wide.to_string() + total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("times", type=Path, help="the lines that were measured (JSON)")
    parser.add_argument("--features", type=Path, help="an NPZ with the arrays of `made`")
    parser.add_argument("--methods", nargs="+", default=list(METHODS))
    parser.add_argument("--shots", nargs="+", type=int, default=[1, 2, 4, 8, 16])
    parser.add_argument(
        "--limit", type=float, default=1e9, help="start nothing after these seconds"
    )
    parser.add_argument("--table", action="store_true", help="print what was measured")
    args = parser.parse_args()
    if args.table:
        sys.stdout.write(table(args.times))
        return
    torch.set_num_threads(1)
    there = pd.read_json(args.times, lines=True) if args.times.exists() else pd.DataFrame()
    done = set(zip(there["method"], there["shots"], strict=True)) if len(there) else set()
    arrays = dict(np.load(args.features)) if args.features else made()
    begun = time.monotonic()
    for shots in args.shots:
        for method in args.methods:
            if (method, shots) in done or time.monotonic() - begun > args.limit:
                continue
            line = measure(method, shots, arrays)
            with args.times.open("a") as file:
                file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
