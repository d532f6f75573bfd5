"""A small data set of features with classes that can be told apart, as tasks and as files."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from pointclip.classification.adapters.task import FewShotTask
from pointclip.classification.few_shot.task import read_task
from pointclip.core import store
from pointclip.data.shots import distinct_shot_ids, sample_shots


# Tensors are tiny here: threads would only wait for each other.
torch.set_num_threads(1)


CLASSES, VIEWS, CHANNELS = 5, 4, 16
AXES = {"dataset": "toy", "projection": "p", "prompts": "q", "backbone": "b"}


def zero_shot_run(protocol: str = "plain") -> dict:
    return {"kind": "zero_shot", **AXES, "protocol": protocol, "sampling": "default"}


def few_shot_run(method: str, protocol: str, shots: int = 4) -> dict:
    own = {"adapter": method, "shots": shots, "protocol": protocol, "sampling": "default"}
    return {"kind": "few_shot", **AXES, **own}


def features(labels: np.ndarray, seed: int, noise: float = 1.0) -> torch.Tensor:
    """A direction per class, noise per shape and view, and the offset that CLIP features have."""
    centres = np.random.default_rng(0).normal(size=(CLASSES, 1, CHANNELS))
    rng = np.random.default_rng([1, seed])
    x = 2 + centres[labels] + noise * rng.normal(size=(len(labels), VIEWS, CHANNELS))
    return torch.from_numpy(x).half()


def prototypes() -> torch.Tensor:
    centres = np.random.default_rng(0).normal(size=(CLASSES, CHANNELS))
    return torch.nn.functional.normalize(torch.from_numpy(2 + centres).float(), dim=-1)


def sentences() -> torch.Tensor:
    """Three sentences a class, each a little off its prototype."""
    noise = torch.from_numpy(np.random.default_rng(5).normal(size=(CLASSES, 3, CHANNELS)))
    return torch.nn.functional.normalize(prototypes().unsqueeze(1) + 0.05 * noise.float(), dim=-1)


def task(seeds=(1, 2, 3), shots=8, copies=3, held_out=4, pool=40) -> FewShotTask:
    train = np.repeat(np.arange(CLASSES), pool // CLASSES * 2)
    held = np.repeat(np.arange(CLASSES), held_out)
    rows = [
        np.concatenate(
            [
                np.random.default_rng([seed, c]).permutation(np.flatnonzero(train == c))[:shots]
                for c in range(CLASSES)
            ]
        )
        for seed in seeds
    ]
    return FewShotTask(
        features=features(train, 1),
        augmented=torch.stack([features(train, 10 + copy) for copy in range(copies)]),
        shot_index=torch.from_numpy(np.stack(rows)),
        labels=torch.from_numpy(train[np.stack(rows)]),
        seeds=list(seeds),
        classes=[f"class_{label}" for label in range(CLASSES)],
        prototypes=prototypes(),
        logit_scale=100.0,
        validation=features(held, 2) if held_out else None,
        validation_labels=torch.from_numpy(held) if held_out else None,
        sentences=sentences(),
    )


def labels_frame(labels: np.ndarray, split: str) -> pd.DataFrame:
    names = [f"class_{label}" for label in range(CLASSES)]
    frame = pd.DataFrame(
        {
            "id": [f"{split}/{row:06d}" for row in range(len(labels))],
            "label": labels,
            "class": [names[label] for label in labels],
        }
    )
    frame.attrs["classes"] = names
    return frame


def write_files(folder, shots=(1, 2, 4), seeds=(1, 2, 3), per_class=12, shards=2) -> dict:
    """Files that few-shot reads: labels, shots, features of splits and of augmented shots, text."""
    paths: dict = {}
    for split, seed in (("train", 1), ("test", 3)):
        labels = np.random.default_rng(seed).permutation(np.repeat(np.arange(CLASSES), per_class))
        frame = labels_frame(labels, split)
        paths[f"{split}_labels"] = folder / "labels" / "toy" / f"{split}.parquet"
        store.write_parquet(frame, paths[f"{split}_labels"], classes=frame.attrs["classes"])
        own = [f"{name}_{row}" for row, name in enumerate(frame["class"])]
        paths[f"{split}_ids"] = folder / "ids" / "toy" / f"{split}.parquet"
        store.write_parquet(frame[["id"]].assign(source_id=own), paths[f"{split}_ids"])
        data = features(labels, seed).numpy()
        paths[f"{split}_features"] = []
        for shard, rows in enumerate(np.array_split(np.arange(len(labels)), shards)):
            path = folder / f"{split}-{shard}.h5"
            with store.new_h5(path) as f:
                f["features"], f["id"] = data[rows], frame["id"].to_numpy(object)[rows]
            paths[f"{split}_features"].append(path)
        if split == "train":
            sampled = sample_shots(frame, seeds)
            paths["shots"] = folder / "shots.parquet"
            store.write_parquet(sampled, paths["shots"])
            ids = distinct_shot_ids(sampled, frame, max(shots), shots)
            row = pd.Index(frame["id"]).get_indexer(ids)
            paths["augmented"] = folder / "augmented.h5"
            with store.new_h5(paths["augmented"]) as f:
                f["id"] = ids
                f["features"] = np.stack([features(labels, 10 + c)[row] for c in range(3)])
    paths["text"] = folder / "text.parquet"
    text = pd.DataFrame(
        {
            "class": [f"class_{label}" for label in range(CLASSES)],
            "sentences": [["a class.", "the class.", "class"]] * CLASSES,
            "feature": list(prototypes().numpy()),
            "sentence_features": list(10 * sentences().flatten(1).numpy()),
        }
    )
    store.write_parquet(text, paths["text"], logit_scale=100.0)
    return paths


def read_files(paths: dict, shots: int = 4, **more: Any) -> FewShotTask:
    """The task in the files of `write_files`."""
    return read_task(
        paths["shots"],
        shots,
        paths["train_labels"],
        paths["train_features"],
        paths["augmented"],
        paths["text"],
        **more,
    )


def write_external(path: Path, ids: Iterable[str], classes: list[str], logits: np.ndarray) -> Path:
    """Another model's logits, as NPZ or Parquet."""
    if path.suffix == ".npz":
        np.savez(path, id=np.array(list(ids), dtype=str), logits=logits, classes=np.array(classes))
    else:
        frame = pd.DataFrame(logits, columns=classes)
        frame.insert(0, "id", list(ids))
        frame.to_parquet(path)
    return path
