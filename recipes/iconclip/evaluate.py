"""Score an exported encoder as the pipeline would: zero-shot under `plain`, and a 16-shot linear
probe.

`--set furniture` uses the embedded shapes. The other sets are arrays of a .npz (`pts` int16/32767,
y up; `label`, `classes`, `split`); ModelNet's and ScanObjectNN's may only be scored, never used for
a choice, and every scoring goes to the log that the card prints (`--log`).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

import pointclip
from pointclip.data.read_split import read_split
from pointclip.encoders.encoder import Encoder, load_encoder
from pointclip.features.prompts import load_prompts
from pointclip.projection.projection import get_projection


assets = Path(pointclip.__file__).parent / "assets"


def shapes_of(source: str, split: str) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Points (N, 1024, 3), labels and class names of one split."""
    if source == "furniture":
        found = read_split({"reader": "furniture"}, assets / "furniture" / "furniture.h5", split)
        chunks = list(found.chunks)
        points = np.concatenate([chunk.points[:, :1024] for chunk in chunks])
        return points, np.concatenate([chunk.label for chunk in chunks]), found.classes
    data = np.load(source, allow_pickle=False)
    if "name" in data:  # YCB: every object is its own class
        classes, label = np.unique(data["name"], return_inverse=True)
        return data["pts"][:, :1024] / np.float32(32767), label, [str(name) for name in classes]
    keep = data["split"] == split if "split" in data else slice(None)
    classes = [str(name) for name in data["classes"]]
    return data["pts"][keep][:, :1024] / np.float32(32767), data["label"][keep].astype(int), classes


def features_of(
    encoder: Encoder, points: np.ndarray, projection: str, cache: Path | None = None
) -> Tensor:
    """(N, V, C), drawn and encoded 32 shapes at a time; kept in `cache`, a file of this tower."""
    if cache and cache.exists():
        return torch.load(cache, weights_only=True)
    draw = get_projection(projection)
    parts = [
        encoder.encode_images(draw(torch.from_numpy(points[i : i + 32]).float()))
        for i in range(0, len(points), 32)
    ]
    features = torch.cat(parts)
    if cache:
        torch.save(features, cache)
    return features


def prototypes_of(encoder: Encoder, classes: list[str], prompts: str) -> Tensor:
    """(K, C): the mean of the unit features of a class's sentences."""
    said = load_prompts(prompts)
    rows = [
        F.normalize(encoder.encode_texts(said.sentences(name)), dim=-1).mean(0) for name in classes
    ]
    return F.normalize(torch.stack(rows), dim=-1)


def probe(
    train: Tensor, label: np.ndarray, test: Tensor, shots: int, seed: int, weight: float = 1e-3
) -> Tensor:
    """Classes of the test shapes by a linear softmax on `shots` train shapes a class, all views
    side by side."""
    generator = np.random.default_rng(seed)
    drawn = [
        generator.permutation(np.flatnonzero(label == k))[:shots] for k in range(label.max() + 1)
    ]
    rows = torch.from_numpy(np.concatenate(drawn))
    inputs, goal = train[rows].flatten(1), torch.from_numpy(label)[rows]
    mean = inputs.mean(0)
    linear = torch.nn.Linear(inputs.shape[1], int(label.max()) + 1)
    optimiser = torch.optim.LBFGS(linear.parameters(), max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        value = F.cross_entropy(linear(10 * (inputs - mean)), goal)
        value = value + weight * linear.weight.square().sum()
        value.backward()
        return value

    optimiser.step(loss)
    with torch.no_grad():
        return linear(10 * (test.flatten(1) - mean)).argmax(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--set", required=True, help="furniture, or a .npz")
    parser.add_argument("--split", default="test")
    parser.add_argument("--projection", default="pointclip_v2")
    parser.add_argument("--prompts", default="iconclip")
    parser.add_argument("--train", help="the .npz with the train split, for a 16-shot linear probe")
    parser.add_argument("--cache", type=Path, help="folder for features of one image tower")
    parser.add_argument("--log", type=Path)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    entry = {
        "name": "iconclip",
        "model": "iconclip",
        "model_config": str(options.weights.with_suffix(".json")),
        "weights": str(options.weights),
        "prompts": options.prompts,
    }
    encoder = load_encoder(entry, device="cpu")
    points, label, classes = shapes_of(options.set, options.split)
    name = f"{Path(options.set).stem}-{options.projection}"
    cache = options.cache and options.cache / f"{name}-{options.split}.pt"
    features = F.normalize(features_of(encoder, points, options.projection, cache), dim=-1)
    cosines = features @ prototypes_of(encoder, classes, options.prompts).T
    label = torch.from_numpy(label)
    ranks = cosines.mean(1).argsort(1, descending=True)
    soft = (encoder.logit_scale * cosines).softmax(-1).mean(1)
    hits = ranks[:, 0] == label
    row = {
        "when": datetime.now(UTC).isoformat(timespec="minutes"),
        "weights": hashlib.sha256(options.weights.read_bytes()).hexdigest()[:12],
        "set": Path(options.set).stem,
        "split": options.split,
        "projection": options.projection,
        "prompts": options.prompts,
        "shapes": len(label),
        "top1": round(100 * float(hits.float().mean()), 2),
        "top5": round(100 * float((ranks[:, :5] == label[:, None]).any(1).float().mean()), 2),
        "softmax": round(100 * float((soft.argmax(1) == label).float().mean()), 2),
    }
    if options.train:
        points, known, _ = shapes_of(options.train, "train")
        generator = np.random.default_rng(0)  # 32 of every class, of which each draw takes 16
        order = generator.permutation(len(known))
        keep = np.concatenate([order[known[order] == k][:32] for k in range(len(classes))])
        points, known = points[keep], known[keep]
        cache = options.cache and options.cache / f"{name}-train.pt"
        train = F.normalize(features_of(encoder, points, options.projection, cache), dim=-1)
        for seed in (1, 2, 3):
            found = probe(train, known, features, 16, seed)
            row[f"probe{seed}"] = round(100 * float((found == label).float().mean()), 2)
    logging.info(json.dumps(row))
    share = {
        name: round(100 * float(hits[label == k].float().mean()))
        for k, name in enumerate(classes)
        if (label == k).any()
    }
    logging.info(", ".join(f"{name} {value}" for name, value in share.items()))
    if options.log:
        with options.log.open("a") as file:
            file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
