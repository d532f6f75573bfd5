"""Few-shot between the files of the DAG: gather a task, write adapters, apply them to features."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from pointclip.classification.adapters import METHODS, FewShotTask, State
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


log = logging.getLogger(__name__)


def read_task(
    drawn: str | Path,
    shots: int | None,
    labels: str | Path,
    features: Paths,
    bank: str | Path,
    text: str | Path,
    protocol: str = "plain",
    copies: int | None = None,
) -> FewShotTask:
    """Gather what `protocols.train` (protocol `plain`) or `train_released` (`released`) needs.

    Args:
        drawn: the shots of the data set.
        shots: of each class; None for all shapes that are not held out.
        labels, features: of the TRAIN split.
        copies: use the first so many of the bank's augmented copies; None for all.
    """
    frame = store.read_parquet(drawn)
    seeds = seeds_of(frame)
    if protocol == "released":
        chosen = released_ids(store.read_parquet(labels), int(shots or 0), seeds)
    else:
        chosen = shot_ids(frame, shots)
    ids, rows = np.unique(chosen.astype(str), return_inverse=True)
    prototypes, scale, _ = read_prototypes(text)
    held_out = None
    if protocol == "plain":
        held_out = read_held_out(drawn, labels, features)
    task = FewShotTask(
        clean=torch.from_numpy(read_features(features, ids)),
        bank=torch.from_numpy(_read_bank(bank, ids, copies)),
        rows=torch.from_numpy(rows.reshape(chosen.shape)),
        labels=torch.from_numpy(read_labels(labels, chosen)),
        seeds=seeds,
        prototypes=torch.from_numpy(prototypes),
        logit_scale=scale,
        validation=torch.from_numpy(held_out[0]) if held_out else None,
        validation_labels=torch.from_numpy(held_out[1]) if held_out else None,
    )
    if (task.clean == task.clean[:1]).all():
        log.warning("The features of all shots are equal: there is nothing to learn from them.")
    log.info(
        "%d seeds, %d shots each, %d augmented copies, %d shapes held out",
        len(task.seeds),
        task.shots,
        len(task.bank),
        len(held_out[1]) if held_out else 0,
    )
    return task


def write_adapter(
    state: State | None, task: FewShotTask, text: str | Path, path: str | Path, **metadata: Any
) -> None:
    """Write what was learned, with the prototypes it works with; None writes a file of no seed.

    Args:
        metadata: at least `method` and `protocol`; parameters are worth adding.
    """
    _, _, classes = read_prototypes(text)
    store.write_tensors(
        {**(state or {}), "prototypes": task.prototypes},
        path,
        seeds=task.seeds if state else [],
        classes=classes,
        views=task.bank.shape[2],
        logit_scale=task.logit_scale,
        **metadata,
    )


def write_logits(
    adapter: str | Path,
    features: Paths,
    path: str | Path,
    rows: int = 256,
    device: str = "cpu",
) -> None:
    """Apply an adapter to every shape of feature shards: logits (seed, shape, label) and `id`."""
    tensors, about = store.read_tensors(adapter)
    state = {name: tensor.to(device) for name, tensor in tensors.items()}
    prototypes = state.pop("prototypes")
    seeds, ids = about["seeds"], store.ids_of(features)
    with store.new_h5(path, **about) as out:
        out["id"] = ids.astype(object)
        out["seed"] = np.array(seeds, dtype=np.int64)
        shape = (len(seeds), len(ids), len(prototypes))
        logits = out.create_dataset("logits", shape, np.float32)
        if not seeds:
            log.warning("%s holds no seed: nothing to apply.", adapter)
            return
        method, start = METHODS[about["method"]], 0
        for shard in features:
            with store.open_h5(shard) as f:
                data = f["features"]
                for row in range(0, len(data), rows):
                    chunk = torch.from_numpy(data[row : row + rows]).to(device)
                    if not torch.isfinite(chunk).all():
                        raise UserError(f"The features in {shard} hold NaN or infinite values.")
                    scores = method.logits(state, chunk, prototypes, about["logit_scale"])
                    logits[:, start : start + len(chunk)] = scores.cpu().numpy()
                    start += len(chunk)


def _read_bank(path: str | Path, ids: np.ndarray, copies: int | None) -> np.ndarray:
    with store.open_h5(path) as f:
        data = f["features"]
        if copies is not None and not 1 <= copies <= len(data):
            raise UserError(f"{copies} augmented copies asked for: {path} has {len(data)}.")
        row = pd.Index(f["id"].asstr()[:]).get_indexer(pd.Index(ids))
        if (row < 0).any():
            raise UserError(f"Shape '{ids[row < 0][0]}' is a shot but not in the bank {path}.")
        order = np.argsort(row)
        taken = np.empty((copies or len(data), len(ids), *data.shape[2:]), data.dtype)
        for copy in range(len(taken)):
            taken[copy, order] = data[copy, row[order]]
        return taken
