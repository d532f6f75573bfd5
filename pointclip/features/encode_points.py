"""The stage `encode_points`: clouds of one shard to features of a 3D encoder, one view a shape."""

from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np
from jaxtyping import Float

from pointclip.catalog.projections import NO_PROJECTION
from pointclip.core.job import progress
from pointclip.core.store import new_h5, open_h5, read_h5_rows
from pointclip.encoders.point.encoder import PointEncoder
from pointclip.features.augmented import augment
from pointclip.features.encode import to_float16
from pointclip.projection.batches import BATCH, in_batches, shard_rows, split_rows


def encode_points(
    clouds: str | Path, encoder: PointEncoder, out: str | Path, shard: int = 0, shards: int = 1
) -> None:
    """Encode the clouds of one shard, with their colours if they have any.

    Args:
        clouds: a file with `points` (shape, point, 3), `id`, and perhaps `colors`.
        out: gets `features` (shape, view, channel) with one view, float16 and not normalised, and
            `id`, as the stage `encode` writes them; attributes say which encoder, and how many
            points it was given and read.

    Raises:
        UserError: if a cloud cannot be read by the encoder, or a feature is not finite in float16.
    """
    with open_h5(clouds) as f:
        rows = shard_rows(len(f["id"]), shard, shards)
        with new_h5(out, **_attrs(f, encoder)) as features:
            features["id"] = f["id"][rows.start : rows.stop]
            stored = features.create_dataset("features", (len(rows), 1, encoder.dim), np.float16)
            for batch in in_batches(rows, f"Encoding with {encoder.name}"):
                part = slice(batch.start, batch.stop)
                colors = unit_colors(f["colors"][part]) if "colors" in f else None
                found = encoder.encode_points(f["points"][part], colors)
                start = batch.start - rows.start
                stored[start : start + len(batch), 0] = to_float16(found)


def encode_augmented_points(
    clouds: str | Path,
    ids: Sequence[str],
    encoder: PointEncoder,
    n_augmentations: int,
    seed: int,
    out: str | Path,
) -> None:
    """Encode augmented copies of the shapes `ids`, as the stage `encode_augmented` does.

    A copy of a shape is the same as the one that is rendered for 2D backbones, and keeps its
    colours.

    Raises:
        UserError: if a cloud cannot be read by the encoder, or an id is not in `clouds`.
    """
    with open_h5(clouds) as f:
        attrs, colored = _attrs(f, encoder), "colors" in f
    points = read_h5_rows([clouds], "points", ids)
    colors = unit_colors(read_h5_rows([clouds], "colors", ids)) if colored else None
    with new_h5(out, **attrs, seed=seed) as f:
        f["id"] = np.array(list(ids), dtype="S")
        size = (n_augmentations, len(ids), 1, encoder.dim)
        stored = f.create_dataset("features", size, np.float16)
        work = [(k, rows) for k in range(n_augmentations) for rows in split_rows(range(len(ids)))]
        total = n_augmentations * len(ids)
        for copy, rows in progress(work, total, "copy", "Encoding augmented shots", BATCH):
            part = slice(rows.start, rows.stop)
            batch = np.stack([augment(points[i], seed, copy, ids[i]) for i in rows])
            found = encoder.encode_points(batch, None if colors is None else colors[part])
            stored[copy, part, 0] = to_float16(found)


def unit_colors(stored: np.ndarray) -> Float[np.ndarray, "shape point 3"]:
    """Colours as an encoder takes them, from bytes."""
    return stored.astype(np.float32) / 255


def _attrs(clouds: h5py.File, encoder: PointEncoder) -> dict[str, object]:
    given = clouds["points"].shape[1]
    return {
        "projection": NO_PROJECTION,
        "view_names": ["points"],
        "points_given": given,
        "points_read": encoder.points_read(given),
        "colored": "colors" in clouds,
        **encoder.attrs,
    }
