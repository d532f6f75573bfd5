"""The folder `modelnet40_ply_hdf5_2048` as published, and ModelNet10 in the same layout."""

import json
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import numpy as np

from pointclip.core.errors import UserError
from pointclip.core.files import read_text
from pointclip.data.readers.base import (
    Chunk,
    Entry,
    Split,
    find_one,
    lines,
    published_shapes,
    row_chunks,
)


def read(entry: Entry, source: Path, split: str) -> Split:
    """The order is that of the file lists, on which the released sampler of shots depends.

    Those lists name files relative to someone's run directory: only the last parts count.
    """
    folder = find_one(source, f"{split}_files.txt").parent
    names = [PurePosixPath(line).name for line in lines(folder / f"{split}_files.txt")]

    def chunks() -> Iterator[Chunk]:
        for name in names:
            published = _id2file(folder, name)
            data, label = published_shapes(folder / name)
            if published and len(published) != len(data):
                raise UserError(
                    f"{folder / name} has {len(data)} shapes, but {len(published)} names."
                )
            for part in row_chunks(np.arange(len(data))):
                ids = [published[i] if published else f"{name}#{i}" for i in part]
                yield Chunk(data[part], label[part], ids)

    return Split(lines(folder / "shape_names.txt"), chunks())


def wanted(path: PurePosixPath) -> bool:
    return path.suffix.lower() in (".h5", ".txt", ".json") and not path.name.startswith(".")


def _id2file(folder: Path, name: str) -> list[str] | None:
    """The published ids of `ply_data_train0.h5`: `ply_data_train_0_id2file.json`."""
    match = re.fullmatch(r"(.*?)(\d+)\.h5", name)
    path = folder / f"{match[1]}_{match[2]}_id2file.json" if match else None
    if path is None or not path.is_file():
        return None
    try:
        return [str(name) for name in json.loads(read_text(path))]
    except (json.JSONDecodeError, TypeError) as error:
        raise UserError(f"{path} is no list of names ({error}).") from error
