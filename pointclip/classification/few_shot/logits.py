"""Apply an adapter file to cached features."""

import logging
from pathlib import Path

import numpy as np
import torch

from pointclip.classification.few_shot.adapter_file import read_adapter
from pointclip.core import store
from pointclip.core.errors import UserError
from pointclip.features.read import Paths, feature_blocks


log = logging.getLogger(__name__)


def write_logits(
    adapter: str | Path,
    features: Paths,
    path: str | Path,
    batch: int = 256,
    device: torch.device | str = "cpu",
) -> None:
    """Write `logits` (seed, shape, class), `seed` and `id` of every shape in feature shards.

    Where the adapter knows temperatures, they are written too: `temperature` (seed).

    Args:
        batch: shapes in memory at once.

    Raises:
        UserError: if the shards were not encoded alike, a feature is NaN or infinite, or the
            adapter does not fit the features.
    """
    learned = read_adapter(adapter, own=True).to(device)
    ids = store.ids_of(features)
    about = {"method": learned.method, "protocol": learned.protocol, "classes": learned.classes}
    with store.new_h5(path, **about) as out:
        out["id"] = ids.astype(object)
        out["seed"] = np.array(learned.seeds, dtype=np.int64)
        if learned.temperatures:
            out["temperature"] = np.array(learned.temperatures)
        shape = (len(learned.seeds), len(ids), len(learned.classes))
        logits = out.create_dataset("logits", shape, np.float32)
        if not learned.seeds:
            log.warning("%s holds no seed: nothing to apply.", adapter)
            return
        start = 0
        for shard, block in feature_blocks(features, batch):
            # Always a whole batch: the bits of a product depend on the number of its rows, and
            # shards may not change a bit.
            chunk = torch.zeros(batch, *block.shape[1:], device=device)
            chunk[: len(block)] = torch.from_numpy(block)
            if not torch.isfinite(chunk).all():
                raise UserError(f"The features in {shard} hold NaN or infinite values.")
            found = learned.logits(chunk)[:, : len(block)]
            logits[:, start : start + len(block)] = found.cpu().numpy()
            start += len(block)
