"""Read a few-shot task from the files of the DAG."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from pointclip.classification.adapters.task import FewShotTask
from pointclip.core import store
from pointclip.core.errors import UserError
from pointclip.data.shots import released_ids, seeds_of, shot_ids
from pointclip.features.read import (
    Paths,
    read_features,
    read_held_out,
    read_labels,
    read_prototypes,
)
from pointclip.features.sentences import read_sentences


log = logging.getLogger(__name__)


def read_task(
    sampled: str | Path,
    shots: int | None,
    labels: str | Path,
    features: Paths,
    augmented: str | Path | None,
    text: str | Path,
    protocol: str = "plain",
    copies: int | None = None,
) -> FewShotTask:
    """Read what `train` (protocol `plain`) or `train_released` (`released`) needs.

    Args:
        sampled: which shapes are shots, and which are held out.
        shots: of each class; None for all shapes that are not held out.
        labels, features: of the TRAIN split.
        augmented: features of augmented copies of the shots; None where a method learns from the
            shots themselves.
        copies: how many of these copies to use, the first ones; None for all.
    """
    frame = store.read_parquet(sampled)
    seeds = seeds_of(frame)
    if protocol == "released":
        ids = released_ids(store.read_parquet(labels), int(shots or 0), seeds)
    else:
        ids = shot_ids(frame, shots)
    distinct, index = np.unique(ids.astype(str), return_inverse=True)
    prototypes, scale, classes = read_prototypes(text)
    sentences, text_norm = read_sentences(text)
    held_out = None
    if protocol == "plain":
        held_out = read_held_out(sampled, labels, features)
    clean = read_features(features, distinct)
    task = FewShotTask(
        features=torch.from_numpy(clean),
        augmented=torch.from_numpy(
            _read_augmented(augmented, distinct, copies) if augmented else clean[None]
        ),
        shot_index=torch.from_numpy(index.reshape(ids.shape)),
        labels=torch.from_numpy(read_labels(labels, ids)),
        seeds=seeds,
        classes=classes,
        prototypes=torch.from_numpy(prototypes),
        logit_scale=scale,
        validation=torch.from_numpy(held_out[0]) if held_out else None,
        validation_labels=torch.from_numpy(held_out[1]) if held_out else None,
        sentences=torch.from_numpy(sentences),
        text_norm=text_norm,
    )
    if (task.features == task.features[:1]).all():
        log.warning("The features of all shots are equal: there is nothing to learn from them.")
    log.info(
        "%d seeds, %d shots each, %d augmented copies, %d shapes held out",
        len(task.seeds),
        task.shots,
        len(task.augmented),
        len(held_out[1]) if held_out else 0,
    )
    return task


def _read_augmented(path: str | Path, ids: np.ndarray, copies: int | None) -> np.ndarray:
    """Features (copy, shape, view, channel) of the shapes `ids`, in their order."""
    with store.open_h5(path) as f:
        data = f["features"]
        if copies is not None and not 1 <= copies <= len(data):
            raise UserError(f"{copies} augmented copies asked for: {path} has {len(data)}.")
        row = pd.Index(f["id"].asstr()[:]).get_indexer(pd.Index(ids))
        if (row < 0).any():
            raise UserError(f"Shape '{ids[row < 0][0]}' is a shot, but {path} has no copy of it.")
        order = np.argsort(row)
        taken = np.empty((copies or len(data), len(ids), *data.shape[2:]), data.dtype)
        for copy in range(len(taken)):
            taken[copy, order] = data[copy, row[order]]
        return taken
