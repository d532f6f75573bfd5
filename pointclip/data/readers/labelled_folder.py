"""A user's folder of labelled clouds: `class/{train,test}/*.ply|npz`, and `parts.yaml` with the
names of every class's parts in the order of their labels."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import numpy as np

from pointclip.clouds.labelled import LABELLED_SUFFIXES, load_labelled
from pointclip.core.errors import UserError
from pointclip.core.files import printable, read_yaml
from pointclip.data.readers.base import Entry, PartChunk, PartSplit, find_one, natural_order


POINTS = 2048


def read(entry: Entry, source: Path, split: str) -> PartSplit:
    """Each cloud is brought to the entry's `points` (2,048): a seeded sample, or points again."""
    listed = find_one(source, "parts.yaml")
    parts = read_yaml(listed)
    if not isinstance(parts, dict) or not all(
        isinstance(names, list) and len(names) > 1 for names in parts.values()
    ):
        raise UserError(
            f"{listed} must name two or more parts for every class: chair: [back, seat]."
        )
    parts = {str(name): [str(part) for part in names] for name, names in parts.items()}
    for folder in sorted(listed.parent.glob(f"*/{split}")):
        if folder.parent.name not in parts:
            raise UserError(
                f"{printable(folder.parent)} is no class of {printable(listed)}: it names "
                f"{', '.join(parts)}."
            )
    return PartSplit(parts, _chunks(entry, listed.parent, parts, split))


def wanted(path: PurePosixPath) -> bool:
    return path.name == "parts.yaml" or path.suffix.lower() in LABELLED_SUFFIXES


def _chunks(
    entry: Entry, root: Path, parts: dict[str, list[str]], split: str
) -> Iterator[PartChunk]:
    count, seed = entry.get("points") or POINTS, entry.get("seed", 0)
    for label, (name, own) in enumerate(parts.items()):
        for path in sorted((root / name / split).glob("*"), key=natural_order):
            if path.suffix.lower() not in LABELLED_SUFFIXES or path.name.startswith("."):
                continue
            points, part = load_labelled(path)
            if part.max() >= len(own):
                raise UserError(
                    f"{printable(path)} has the label {part.max()}, but class '{name}' has "
                    f"{len(own)} parts: {', '.join(own)}."
                )
            rows = np.random.default_rng(seed).choice(len(points), count, len(points) < count)
            ids = [printable(path.relative_to(root))]
            yield PartChunk(points[rows][None], np.array([label]), part[rows][None], ids)
