"""The stage `encode_augmented`: features of augmented copies of the shots."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float

from pointclip.core.job import progress
from pointclip.core.store import new_h5, read_h5_rows
from pointclip.encoders.encoder import Encoder
from pointclip.features.encode import to_float16
from pointclip.projection.batches import BATCH, split_rows
from pointclip.projection.float16 import render_float16
from pointclip.projection.projection import Projection


def encode_augmented(
    clouds: str | Path,
    ids: Sequence[str],
    projection: Projection,
    encoder: Encoder,
    n_augmentations: int,
    seed: int,
    out: str | Path,
) -> None:
    """Encode augmented copies of the shapes `ids`, for training that samples one per epoch.

    A copy depends on its number, the shape's id and the seed alone: the first A copies of a file
    are those of a file with A copies, whichever other shapes it holds.

    Args:
        clouds: a file with `points` (shape, point, 3) and `id`.
        out: gets `features` (copy, shape, view, channel), float16 and not normalised, and `id`.

    Raises:
        UserError: if a feature is not finite in float16, or an id is not in `clouds`.
    """
    points = read_h5_rows([clouds], "points", ids)
    attrs = {"projection": projection.name, "view_names": projection.view_names, "seed": seed}
    threads = torch.get_num_threads()
    with new_h5(out, **attrs, **encoder.attrs) as f:
        f["id"] = np.array(list(ids), dtype="S")
        size = (n_augmentations, len(ids), projection.views, encoder.dim)
        stored = f.create_dataset("features", size, np.float16)
        work = [(k, rows) for k in range(n_augmentations) for rows in split_rows(range(len(ids)))]
        total = n_augmentations * len(ids)
        for copy, rows in progress(work, total, "copy", "Encoding augmented shots", BATCH):
            batch = np.stack([augment(points[i], seed, copy, ids[i]) for i in rows])
            maps = torch.from_numpy(render_float16(projection, batch, threads)).float()
            stored[copy, rows.start : rows.stop] = to_float16(encoder.encode_images(maps))


def augment(
    points: Float[np.ndarray, "point 3"], seed: int, copy: int, shape_id: str
) -> Float[np.ndarray, "point 3"]:
    """PointCLIP's train augmentation: each axis scaled by U(2/3, 3/2), then moved by U(-0.2, 0.2).

    (The release also shuffles the points, which no projection sees.)
    """
    digest = hashlib.sha256(f"{seed}/{copy}/{shape_id}".encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:16], "little"))
    scale, shift = rng.uniform(2 / 3, 3 / 2, 3), rng.uniform(-0.2, 0.2, 3)
    return (points * scale + shift).astype(np.float32)
