"""The stage `encode`: depth maps of one shard to features.

How many images a GPU holds at a time is `batch` of a backbone's entry (`Encoder.batch`).
"""

from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from pointclip.core.errors import UserError
from pointclip.core.store import new_h5, open_h5
from pointclip.encoders.encoder import Encoder
from pointclip.projection.batches import in_batches


def encode(depth: str | Path, encoder: Encoder, out: str | Path) -> None:
    """Encode the depth maps of one shard.

    Args:
        depth: a file of the stage `project`.
        out: gets `features` (shape, view, channel), float16 and not normalised, and `id`;
            attributes say which projection and which encoder.

    Raises:
        UserError: if a feature is not finite in float16.
    """
    with open_h5(depth) as f, new_h5(out, **f.attrs, **encoder.attrs) as features:
        features["id"] = f["id"][:]
        rows = range(len(f["id"]))
        size = (len(rows), f["depth"].shape[1], encoder.dim)
        stored = features.create_dataset("features", size, np.float16)
        for batch in in_batches(rows, f"Encoding with {encoder.name}"):
            maps = torch.from_numpy(f["depth"][batch.start : batch.stop]).float()
            stored[batch.start : batch.stop] = to_float16(encoder.encode_images(maps))


def to_float16(features: Float[Tensor, "*batch channel"]) -> Float[np.ndarray, "*batch channel"]:
    """Features as they are stored.

    Raises:
        UserError: if one is not finite in float16.
    """
    half = features.half()
    if not torch.isfinite(half).all():
        raise UserError(
            "Some features are not finite in half precision: the depth maps or the weights are bad."
        )
    return half.numpy()
