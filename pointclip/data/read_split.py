"""Read a split as a config entry asks for it: layout, up axis, scale, first points, classes.

(Which train shapes are held out or are shots is sampled in `shots`.)
"""

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
from jaxtyping import Float

from pointclip.catalog.datasets import READERS
from pointclip.clouds.load import normalise, turn_up
from pointclip.core.errors import UserError, choose
from pointclip.core.own_module import load_own
from pointclip.data.readers.base import Chunk, Entry, Split, check_clouds, damage_told


def load_reader(entry: Entry) -> ModuleType:
    """The module that reads the entry's layout (see `readers/base.py` for what it offers)."""
    if "module" in entry:
        return load_own(entry["module"], "read")
    name = READERS[choose(entry.get("reader", ""), READERS, "reader")]
    return import_module(f"pointclip.data.readers.{name}")


def read_split(entry: Entry, source: str | Path, split: str) -> Split:
    """Stream a split with what the entry asks for: up axis, normalisation, first points, classes.

    Args:
        entry: of the config, with its bases resolved.
        source: a file or folder, or the `manifest.json` that `download` has written.
        split: "train" or "test".

    Raises:
        UserError: if files are missing, damaged, or not what the reader expects.
    """
    source = Path(source)
    if source.name == "manifest.json":
        source = _downloaded(source)
    choose(split, ("train", "test"), "split")
    with damage_told(source):
        raw = load_reader(entry).read(entry, source, split)
    kept = entry.get("classes") or raw.classes
    for name in kept:
        choose(name, raw.classes, "class")
    number = np.array([kept.index(name) if name in kept else -1 for name in raw.classes])

    def chunks() -> Iterator[Chunk]:
        with damage_told(source):
            for chunk in raw.chunks:
                label = chunk.label
                if len(label) and not 0 <= label.min() <= label.max() < len(raw.classes):
                    raise UserError(
                        f"{source} has a label that none of its {len(raw.classes)} classes has."
                    )
                keep = np.flatnonzero(number[label] >= 0)
                if len(keep):
                    some = chunk.rows(keep)
                    points = _as_asked(some.points, entry, source)
                    colors = None if some.colors is None else some.colors[:, : points.shape[1]]
                    yield Chunk(points, number[some.label], some.source_ids, colors)

    return Split(list(kept), chunks())


def _as_asked(points: np.ndarray, entry: Entry, source: Path) -> Float[np.ndarray, "shape first 3"]:
    points = np.ascontiguousarray(points, np.float32)
    check_clouds(points, source)
    count = entry.get("points") or points.shape[1]
    if count > points.shape[1]:
        raise UserError(
            f"{source} has {points.shape[1]} points a cloud, fewer than points: {count}."
        )
    points = turn_up(points, entry.get("up", "y"))
    if entry.get("normalise", entry["reader"] in ("folder", "scanobjectnn_h5")):
        points = np.stack([normalise(cloud) for cloud in points])
    return points[:, :count]


def _downloaded(manifest: Path) -> Path:
    try:
        return manifest.parent / json.loads(manifest.read_text(encoding="utf-8"))["data"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{manifest} is missing or damaged: delete it and run again.") from error
