"""The streaming stages: clouds to depth, depth to features, shots to a bank, words to features."""

import hashlib
import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin
import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from pointclip.encoders import Encoder
from pointclip.errors import UserError
from pointclip.jobs import progress
from pointclip.projection import Projection
from pointclip.prompts import Prompts
from pointclip.store import new_h5, open_h5, read_h5_rows, write_parquet


log = logging.getLogger(__name__)
# Shapes that go through projection and encoder at once. Fixed, because a feature's last bits may
# depend on the batch it was made in.
BATCH = 16


def project(
    clouds: str | Path,
    projection: Projection,
    out: str | Path,
    shard: int = 0,
    shards: int = 1,
) -> None:
    """Draw the depth maps of one shard of a split, as float16, compressed shape by shape."""
    with open_h5(clouds) as f:
        rows = shard_rows(len(f["id"]), shard, shards)
        with new_h5(out, **_projection_attrs(projection)) as depth:
            depth["id"] = f["id"][rows.start : rows.stop]
            size = (len(rows), projection.views, *projection.size)
            stored = depth.create_dataset(
                # Of all filters, zstd leaves the smallest files; its higher levels take twice the
                # time and save nothing.
                "depth",
                size,
                np.float16,
                chunks=(1, *size[1:]),
                maxshape=(None, *size[1:]),  # or no chunk would fit an empty shard
                **hdf5plugin.Zstd(clevel=1),
            )
            batches = _batches(rows, f"Drawing {projection.name}")
            for batch, drawn in _drawn_ahead(f["points"], batches, projection):
                stored[batch.start - rows.start : batch.stop - rows.start] = drawn.numpy()


def encode(depth: str | Path, encoder: Encoder, out: str | Path) -> None:
    """Encode the depth maps of one shard."""
    with open_h5(depth) as f:

        def read(batch: range) -> Tensor:
            return torch.from_numpy(f["depth"][batch.start : batch.stop])

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
        attrs = _projection_attrs(projection)
        _write_features(out, encoder, ids, rows, projection.views, read, attrs)


def bank(
    clouds: str | Path | Sequence[str | Path],
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
    paths = [clouds] if isinstance(clouds, str | Path) else list(clouds)
    points = read_h5_rows(paths, "points", ids)
    attrs = {"projection": projection.name, "seed": seed, **_encoder_attrs(encoder)}
    with new_h5(out, **attrs) as f:
        f["id"] = np.array(list(ids), dtype="S")
        size = (copies, len(ids), projection.views, encoder.dim)
        stored = f.create_dataset("features", size, np.float16)
        work = [(copy, rows) for copy in range(copies) for rows in _split(range(len(ids)))]
        for copy, rows in progress(work, copies * len(ids), "copy", "Filling the bank", BATCH):
            batch = np.stack([augment(points[i], seed, copy, ids[i]) for i in rows])
            features = encoder.encode_images(_draw(batch, projection).float())
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


def shard_rows(total: int, shard: int, shards: int) -> range:
    """The rows of shard `shard` of `shards`: contiguous, and whole batches but for the last, so
    that features do not depend on the number of shards."""
    if not 0 <= shard < shards:
        raise UserError(f"There is no shard {shard} of {shards}: they count from 0.")
    batches = -(-total // BATCH)
    start, stop = (min(batches * k // shards * BATCH, total) for k in (shard, shard + 1))
    return range(start, stop)


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
        for batch in _batches(rows, f"Encoding with {encoder.name}"):
            features = encoder.encode_images(read(batch).float())
            stored[batch.start - rows.start : batch.stop - rows.start] = _half(features)


def _projection_attrs(projection: Projection) -> dict[str, Any]:
    # With the names of the views, so that figures need not build the projection to know them.
    return {
        "projection": projection.name,
        "parameters": projection.params,
        "view_names": projection.view_names,
    }


def _encoder_attrs(encoder: Encoder) -> dict[str, Any]:
    return {
        "backbone": encoder.name,
        "image_size": list(encoder.image_size),
        "logit_scale": encoder.logit_scale,
    }


def _draw(points: np.ndarray, projection: Projection) -> Float[Tensor, "cloud view height width"]:
    """Depth maps as they are stored: in half precision, on the CPU."""
    return projection(torch.from_numpy(points)).half().cpu()


def _drawn_ahead(
    points: h5py.Dataset, batches: Iterator[range], projection: Projection
) -> Iterator[tuple[range, Float[Tensor, "cloud view height width"]]]:
    """Draw every batch, one ahead of the caller, who compresses and writes meanwhile."""
    with ThreadPoolExecutor(1) as pool:
        waiting: deque[tuple[range, Future[Tensor]]] = deque()
        for batch in batches:
            # Read here: HDF5 would make a reading thread wait until the caller has written.
            read = points[batch.start : batch.stop]
            waiting.append((batch, pool.submit(_draw, read, projection)))
            if len(waiting) > 1:
                done, drawn = waiting.popleft()
                yield done, drawn.result()
        for done, drawn in waiting:
            yield done, drawn.result()


def _half(features: Float[Tensor, "*batch channel"]) -> Float[np.ndarray, "*batch channel"]:
    half = features.half()
    if not torch.isfinite(half).all():
        raise UserError(
            "Some features are not finite in half precision: the depth maps or the weights are bad."
        )
    return half.numpy()


def _batches(rows: range, desc: str) -> Iterator[range]:
    return progress(_split(rows), len(rows), "shape", desc, BATCH)


def _split(rows: range) -> Iterator[range]:
    return (rows[i : i + BATCH] for i in range(0, len(rows), BATCH))
