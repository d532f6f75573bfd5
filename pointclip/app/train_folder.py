"""Few-shot on a person's own folder of classes: the workflow's stages in a temporary folder."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import torch

from pointclip.app.class_folders import Listed, list_shapes
from pointclip.classification.adapters.method import load_method
from pointclip.classification.few_shot.adapter_file import write_adapter
from pointclip.classification.few_shot.task import read_task
from pointclip.classification.few_shot.train import train
from pointclip.clouds.load import load_colored_cloud, normalise
from pointclip.core import store
from pointclip.core.errors import UserError
from pointclip.data.prepare import append
from pointclip.data.shots import distinct_shot_ids, sample_shots
from pointclip.encoders.encoder import Encoder
from pointclip.encoders.point.encoder import PointEncoder
from pointclip.features.augmented import encode_augmented
from pointclip.features.encode import encode
from pointclip.features.encode_points import encode_augmented_points, encode_points
from pointclip.features.prompts import Prompts
from pointclip.features.text import encode_text
from pointclip.projection.project import project
from pointclip.projection.projection import Projection


log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Trained:
    """The result of training.

    Attributes:
        shapes: how many were learned from, each counted once.
        fewer: class -> its shots, where these are fewer than were asked for.
        accuracy: percent of the held-out shapes that are right, nan without any. They have no
            part in training, nor in any choice.
        held_out: one row for each held-out shape, `label` and `predicted`.
        tested: whether these are the folder's own test shapes.
    """

    classes: list[str]
    shapes: int
    fewer: dict[str, int]
    accuracy: float
    held_out: pd.DataFrame
    tested: bool


def train_on_folder(
    folder: Path,
    out: Path,
    projection: Projection | None,
    encoder: Encoder | PointEncoder,
    prompts: Prompts,
    method: str = "inter_view",
    shots: int | None = None,
    copies: int = 10,
    points: int = 2048,
    up: str = "y",
    seed: int = 0,
    on_error: Callable[[str], None] = log.warning,
    parts: Mapping[str, Any] | None = None,
) -> Trained:
    """Train a few-shot method on a folder of classes and write the adapter.

    Args:
        out: the adapter's file.
        shots: per class; None takes every shape that is not held out. Test shapes are held out,
            where the folder has any; if not, a quarter of each class, at most four.
        copies: augmented copies of each shape.
        on_error: is told in a sentence which file cannot be read; the others go on.
        parts: what to write into the file, as `trained_with.describe` gives it, so that it can be
            used by itself.

    Raises:
        UserError: if the folder, the shots or the method cannot be used.
    """
    load_method(method)
    listed = list_shapes(folder)
    with TemporaryDirectory(prefix="pointclip-") as scratch:
        at = Path(scratch)
        labels = _write_clouds(listed, at / "clouds.h5", points, up, on_error)
        classes = labels.attrs["classes"]
        store.write_parquet(labels, at / "labels.parquet", classes=classes)
        sampled = _sample(labels, seed)
        pools = sampled[sampled["protocol"] == "plain"].groupby("class", sort=False).size()
        fewer = {str(name): int(n) for name, n in pools.items() if shots and n < shots}
        shots = shots and min(shots, int(pools.max()))
        store.write_parquet(sampled, at / "shots.parquet")
        ids = distinct_shot_ids(sampled, labels, shots).tolist()
        _encode(at, ids, projection, encoder, copies, seed)
        encode_text(classes, prompts, encoder, at / "text.parquet")
        features = [at / "features.h5"]
        task = read_task(
            at / "shots.parquet",
            shots,
            at / "labels.parquet",
            features,
            at / "augmented.h5",
            at / "text.parquet",
        )
        state = train(method, task)["plain"]
        write_adapter(state, task, out, method, "plain", parts)
    held_out = pd.DataFrame({"label": [], "predicted": []}, dtype=np.int64)
    if task.validation is not None and task.validation_labels is not None:
        module = load_method(method)
        logits = module.logits(state, task.validation, task.prototypes, task.logit_scale)
        predicted = logits[0].argmax(-1).numpy()
        held_out = pd.DataFrame({"label": task.validation_labels.numpy(), "predicted": predicted})
    right = held_out["label"] == held_out["predicted"]
    tested = bool(labels["id"].str.startswith("test/").any())
    return Trained(classes, len(ids), fewer, float(100 * right.mean()), held_out, tested)


def _sample(labels: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Shots and held-out shapes as `sample_shots` gives them; test shapes are held out, if any."""
    test = labels["id"].str.startswith("test/")
    if not test.any():
        return sample_shots(labels, [seed])
    sampled = sample_shots(labels[~test], [seed], validation_per_class=0)
    held_out = labels.loc[test, ["id", "class"]].assign(protocol="validation", seed=0, rank=0)
    return pd.concat([sampled, held_out[list(sampled)]], ignore_index=True)


def _encode(
    at: Path,
    ids: list[str],
    projection: Projection | None,
    encoder: Encoder | PointEncoder,
    copies: int,
    seed: int,
) -> None:
    """The clouds in a folder to features of all of them, and of augmented copies of some."""
    clouds, features, augmented = at / "clouds.h5", at / "features.h5", at / "augmented.h5"
    if isinstance(encoder, PointEncoder):
        encode_points(clouds, encoder, features)
        encode_augmented_points(clouds, ids, encoder, copies, seed, augmented)
        return
    assert projection is not None
    project(clouds, projection, at / "depth.h5", threads=torch.get_num_threads())
    encode(at / "depth.h5", encoder, features)
    encode_augmented(clouds, ids, projection, encoder, copies, seed, augmented)


def _write_clouds(
    listed: list[Listed],
    path: Path,
    points: int,
    up: str,
    on_error: Callable[[str], None],
) -> pd.DataFrame:
    """Write the clouds that can be read; return their labels."""
    rows: list[tuple[str, str]] = []
    with store.new_h5(path) as f:
        for name, file, split in listed:
            try:
                cloud, colors = load_colored_cloud(file, points=points, up=up)
            except UserError as error:
                on_error(str(error))
                continue
            append(f, "points", normalise(cloud)[None], len(rows))
            if colors is not None:
                append(f, "colors", colors[None], len(rows))
            rows.append((f"{split}/{len(rows):06d}", name))
        if "colors" in f:
            f["colors"].resize(len(rows), axis=0)
        f["id"] = np.array([row[0] for row in rows], dtype="S")
    frame = pd.DataFrame(rows, columns=["id", "class"])
    classes = sorted(set(frame.loc[frame["id"].str.startswith("train/"), "class"]))
    if len(classes) < 2:
        raise UserError("Files of at least two classes must be readable.")
    if unknown := sorted(set(frame["class"]) - set(classes)):
        raise UserError(f"The class '{unknown[0]}' has test shapes, but none to learn from.")
    frame["label"] = frame["class"].map(classes.index)
    frame.attrs["classes"] = classes
    return frame
