"""The stages that encode: depth to features, shots to a bank, words to features."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from pointclip.core.errors import UserError
from pointclip.core.job import progress
from pointclip.core.store import new_h5, open_h5, read_h5_rows, write_parquet
from pointclip.encoders.encoder import Encoder
from pointclip.features.prompts import Prompts
from pointclip.projection.project import (
    BATCH,
    in_batches,
    in_half,
    projection_attrs,
    shard_rows,
    split_rows,
)
from pointclip.projection.projection import Projection


def encode(depth: str | Path, encoder: Encoder, out: str | Path) -> None:
    """Encode the depth maps of one shard."""
    with open_h5(depth) as f:

        def read(batch: range) -> Tensor:
            return torch.from_numpy(f["depth"][batch.start : batch.stop]).float()

        rows = range(len(f["id"]))
        views = f["depth"].shape[1]
        _write_features(out, encoder, f["id"][:], rows, views, read, dict(f.attrs))


def project_and_encode(
    clouds: str | Path,
    projection: Projection,
    encoder: Encoder,
    out: str | Path,
    shard: int = 0,
    shards: int = 1,
) -> None:
    """The features that `project` and `encode` give, to the bit, without keeping depth maps."""
    with open_h5(clouds) as f:

        def read(batch: range) -> Tensor:
            return _draw(f["points"][batch.start : batch.stop], projection)

        rows = shard_rows(len(f["id"]), shard, shards)
        ids = f["id"][rows.start : rows.stop]
        attrs = projection_attrs(projection)
        _write_features(out, encoder, ids, rows, projection.views, read, attrs)


def bank(
    clouds: str | Path,
    ids: Sequence[str],
    projection: Projection,
    encoder: Encoder,
    copies: int,
    seed: int,
    out: str | Path,
) -> None:
    """Encode augmented copies of the shots, for training that draws one of them per epoch.

    A copy depends on its number, the shape's id and the seed alone: a bank of A copies is the
    first A of a larger one, whatever else is in it.
    """
    points = read_h5_rows([clouds], "points", ids)
    attrs = {"projection": projection.name, "seed": seed, **_encoder_attrs(encoder)}
    with new_h5(out, **attrs) as f:
        f["id"] = np.array(list(ids), dtype="S")
        size = (copies, len(ids), projection.views, encoder.dim)
        stored = f.create_dataset("features", size, np.float16)
        work = [(copy, rows) for copy in range(copies) for rows in split_rows(range(len(ids)))]
        for copy, rows in progress(work, copies * len(ids), "copy", "Filling the bank", BATCH):
            batch = np.stack([augment(points[i], seed, copy, ids[i]) for i in rows])
            features = encoder.encode_images(_draw(batch, projection))
            stored[copy, rows.start : rows.stop] = _half(features)


def encode_text(
    classes: Sequence[str],
    prompts: Prompts,
    encoder: Encoder,
    out: str | Path,
    dataset: str | None = None,
) -> None:
    """Encode what a prompt set says about each class; row order is label order."""
    sentences = [prompts.sentences(name, dataset) for name in classes]
    frame = pd.DataFrame(
        {
            "class": list(classes),
            "sentences": sentences,
            "feature": [prototype(said, encoder).numpy() for said in sentences],
        }
    )
    write_parquet(frame, out, prompts=prompts.name, **_encoder_attrs(encoder))


def prototype(sentences: list[str], encoder: Encoder) -> Float[Tensor, "channel"]:
    """The normalised mean of the normalised features of some sentences."""
    features = F.normalize(encoder.encode_texts(sentences), dim=-1)
    return F.normalize(features.mean(0), dim=0)


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


def _write_features(
    out: str | Path,
    encoder: Encoder,
    ids: np.ndarray,
    rows: range,
    views: int,
    read: Callable[[range], Tensor],
    attrs: dict[str, Any],
) -> None:
    with new_h5(out, **attrs, **_encoder_attrs(encoder)) as f:
        f["id"] = ids
        stored = f.create_dataset("features", (len(rows), views, encoder.dim), np.float16)
        for batch in in_batches(rows, f"Encoding with {encoder.name}"):
            features = encoder.encode_images(read(batch))
            stored[batch.start - rows.start : batch.stop - rows.start] = _half(features)


def _encoder_attrs(encoder: Encoder) -> dict[str, Any]:
    return {
        "backbone": encoder.name,
        "image_size": list(encoder.image_size),
        "logit_scale": encoder.logit_scale,
    }


def _draw(points: np.ndarray, projection: Projection) -> Float[Tensor, "cloud view height width"]:
    """Depth maps as they are stored, as the encoder takes them."""
    return torch.from_numpy(in_half(projection, points, torch.get_num_threads())).float()


def _half(features: Float[Tensor, "*batch channel"]) -> Float[np.ndarray, "*batch channel"]:
    half = features.half()
    if not torch.isfinite(half).all():
        raise UserError(
            "Some features are not finite in half precision: the depth maps or the weights are bad."
        )
    return half.numpy()
