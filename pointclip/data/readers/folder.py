"""A user's folder: files in `class/{train,test}/`; meshes are sampled evenly over their area."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import numpy as np
from jaxtyping import UInt8

from pointclip.clouds.colors import GREY_BYTE
from pointclip.clouds.load import SUFFIXES, load_colored_cloud
from pointclip.core.errors import UserError
from pointclip.core.files import printable
from pointclip.data.readers.base import Chunk, Entry, Split, natural_order, row_chunks


SAMPLED = 2048


def read(entry: Entry, source: Path, split: str) -> Split:
    """Each file has its own seed, so that a shape does not depend on the other files.

    At least `SAMPLED` points are sampled, so that the first N of them are the same for every
    smaller N.
    """
    root = _class_folder(source)
    classes = sorted(
        p.name for p in root.iterdir() if (p / "train").is_dir() or (p / "test").is_dir()
    )
    count = max(entry.get("points") or 0, SAMPLED)
    files = [
        (label, path)
        for label, name in enumerate(classes)
        for path in sorted((root / name / split).glob("*"), key=natural_order)
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
    ]

    def chunks() -> Iterator[Chunk]:
        for part in row_chunks(np.arange(len(files))):
            some = [files[i] for i in part]
            seed = entry.get("seed", 0)
            clouds = [load_colored_cloud(path, count, seed=seed) for _, path in some]
            points = np.stack([points for points, _ in clouds])
            ids = [printable(path.relative_to(root)) for _, path in some]
            labels = np.array([label for label, _ in some])
            yield Chunk(points, labels, ids, _stacked([colors for _, colors in clouds]))

    return Split(classes, chunks())


def wanted(path: PurePosixPath) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def _stacked(
    colors: list[UInt8[np.ndarray, "point 3"] | None],
) -> UInt8[np.ndarray, "shape point 3"] | None:
    """The colours of some files; of those without, grey, unless none has any."""
    known = next((some for some in colors if some is not None), None)
    if known is None:
        return None
    grey = np.full_like(known, GREY_BYTE)
    return np.stack([grey if some is None else some for some in colors])


def _class_folder(source: Path) -> Path:
    """The folder of classes: `source`, or the one folder that a zip has unpacked to within it."""
    for candidate in (source, *sorted(p for p in source.glob("*") if p.is_dir())):
        if any((p / "train").is_dir() or (p / "test").is_dir() for p in candidate.glob("*")):
            return candidate
    raise UserError(f"{source} holds no folders class/train and class/test.")
