"""Write each split of a part set as clouds with their class, and as part labels."""

import json
import logging
import zlib
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from pointclip.catalog.parts import PART_READERS
from pointclip.clouds.load import normalise, turn_up
from pointclip.core.errors import UserError, choose
from pointclip.core.store import create_rows, new_h5
from pointclip.data.readers.base import PartChunk, check_clouds, damage_told


log = logging.getLogger(__name__)


def load_part_reader(entry: Mapping[str, Any]) -> ModuleType:
    """The module that reads the entry's layout (see `readers/base.py`)."""
    name = PART_READERS[choose(entry.get("reader", ""), PART_READERS, "reader of a part set")]
    return import_module(f"pointclip.data.readers.{name}")


def prepare_parts(
    entry: Mapping[str, Any],
    source: str | Path,
    split: str,
    clouds_path: str | Path,
    labels_path: str | Path,
) -> None:
    """Write a split as two files, so that what must not see a label need not open one.

    Clouds hold `points`, an opaque `id`, and the `class` of each shape, which part segmentation is
    told; the parts of every class are in the attribute `parts`. Labels hold `id` and `part`.

    Raises:
        UserError: if the split is empty, or a label is none of its class's parts.
    """
    choose(split, ("train", "test"), "split")
    with damage_told(Path(source)):
        stream = load_part_reader(entry).read(entry, Path(source), split)
        chunks = [_as_asked(chunk, entry, source) for chunk in stream.chunks]
    classes = list(stream.parts)
    if not chunks:
        raise UserError(f"{source} has no {split} split that the entry's reader could read.")
    points, label, part = (
        np.concatenate([getattr(chunk, name) for chunk in chunks])
        for name in ("points", "label", "part")
    )
    most = np.array([len(own) for own in stream.parts.values()])[label]
    if (part < 0).any() or (part >= most[:, None]).any():
        raise UserError(f"{source} has a part label that its class has not.")
    ids = np.array([f"{split}/{row:06d}" for row in range(len(points))], dtype="S")
    about = {"entry": dict(entry), "split": split, "parts": json.dumps(stream.parts)}
    with new_h5(clouds_path, **about) as f:
        create_rows(f, "points", points.shape, points.dtype)[:] = points
        f["id"], f["label"] = ids, label
    with new_h5(labels_path, split=split) as f:
        f["id"] = ids
        f.create_dataset("part", data=part.astype(np.uint8), compression="gzip")
    log.info("%d shapes of %d classes", len(points), len(set(label.tolist())))
    for number in sorted(set(label.tolist())):
        if len(stream.parts[classes[number]]) < 2:
            raise UserError(
                f"Class '{classes[number]}' has the one part '{stream.parts[classes[number]][0]}': "
                "there is nothing to tell apart."
            )


def _as_asked(chunk: PartChunk, entry: Mapping[str, Any], source: str | Path) -> PartChunk:
    points = np.ascontiguousarray(chunk.points, np.float32)
    check_clouds(points, source)
    if chunk.part.shape != points.shape[:2]:
        raise UserError(
            f"{source} has part labels {chunk.part.shape} of {points.shape[:2]} points."
        )
    points = turn_up(points, entry.get("up", "y"))
    points = np.stack([normalise(cloud) for cloud in points])
    points = np.stack(
        [
            _rotated(cloud, entry.get("rotation", "none"), name)
            for cloud, name in zip(points, chunk.source_ids, strict=True)
        ]
    )
    count = entry.get("points") or points.shape[1]
    if count > points.shape[1]:
        raise UserError(f"The shapes have {points.shape[1]} points, fewer than points: {count}.")
    return chunk._replace(points=points[:, :count], part=chunk.part[:, :count])


def _rotated(
    points: Float[np.ndarray, "point 3"], rotation: str, name: str
) -> Float[np.ndarray, "point 3"]:
    """Turned at random, `up` about the up axis or in `any` way; always the same for a shape."""
    if rotation == "none":
        return points
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    if rotation == "up":
        turn = Rotation.from_euler("y", rng.uniform(0, 2 * np.pi))
    else:
        turn = Rotation.random(rng=rng)
    return turn.apply(points).astype(np.float32)
