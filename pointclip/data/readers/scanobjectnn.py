"""ScanObjectNN's HDF5 files as published: `obj_only`, `obj_bg` and `pb_t50_rs`."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import numpy as np
from jaxtyping import Bool, Float

from pointclip.catalog.datasets import CLASSES
from pointclip.core.errors import choose
from pointclip.data.readers.base import (
    Chunk,
    Entry,
    Split,
    find_one,
    published_shapes,
    row_chunks,
)


# Variant -> folder, stem of the file names.
FILES = {
    "obj_bg": ("main_split", "objectdataset"),
    "obj_only": ("main_split_nobg", "objectdataset"),
    "pb_t50_rs": ("main_split", "objectdataset_augmentedrot_scale75"),
}
PARTS = {"train": "training", "test": "test"}


def read(entry: Entry, source: Path, split: str) -> Split:
    """With `background: drop`, the other points are repeated in the place of background points.

    The y axis points up as in ModelNet's h5, but clouds are in metres and off centre: they are
    normalised, unless the entry says otherwise.
    """
    variant = choose(entry.get("variant", "obj_only"), FILES, "ScanObjectNN variant")
    drop = choose(entry.get("background", "keep"), ("keep", "drop"), "background") == "drop"
    folder, stem = FILES[variant]
    path = find_one(source, f"{folder}/{PARTS[split]}_{stem}.h5")

    def chunks() -> Iterator[Chunk]:
        data, label, *masks = published_shapes(path, *["mask"] * drop)
        for rows in row_chunks(np.arange(len(data))):
            points = data[rows].astype(np.float32)
            if drop:
                mask = masks[0][rows].reshape(len(points), -1) >= 0
                points = np.stack([_foreground(*pair) for pair in zip(points, mask, strict=True)])
            yield Chunk(points, label[rows], [f"{path.name}#{i}" for i in rows])

    return Split(list(CLASSES["scanobjectnn"]), chunks())


def wanted(path: PurePosixPath) -> bool:
    """The files of all variants, since these share a download."""
    ends = [f"{d}/{part}_{stem}.h5" for d, stem in FILES.values() for part in PARTS.values()]
    return str(path).endswith(tuple(ends))


def _foreground(
    points: Float[np.ndarray, "point 3"], mask: Bool[np.ndarray, " point"]
) -> Float[np.ndarray, "point 3"]:
    kept = points[mask]
    return kept[np.arange(len(points)) % len(kept)] if len(kept) else points
