"""The embedded part set: one HDF5 file with points as scaled int16 and a part for every point."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import numpy as np

from pointclip.core.store import open_h5
from pointclip.data.readers.base import Entry, PartChunk, PartSplit, row_chunks


def read(entry: Entry, source: Path, split: str) -> PartSplit:
    with open_h5(source, foreign=True) as f:
        classes = [str(name) for name in f.attrs["classes"]]
        names = [str(name) for name in f.attrs["parts"]]
        pairs = [str(pair).split("/") for pair in f.attrs["class_parts"]]
    parts = {name: [part for of, part in pairs if of == name] for name in classes}
    # The file's own numbers count over all classes.
    local = np.zeros((len(classes), len(names)), np.int64)
    for row, own in enumerate(parts.values()):
        local[row, [names.index(part) for part in own]] = np.arange(len(own))

    def chunks() -> Iterator[PartChunk]:
        with open_h5(source, foreign=True) as f:
            rows = np.flatnonzero(f["split"].asstr()[:] == split)
            scale = np.float32(f["points"].attrs["scale"])
            for some in row_chunks(rows):
                label = f["label"][some].astype(np.int64)
                yield PartChunk(
                    f["points"][some].astype(np.float32) * scale,
                    label,
                    local[label[:, None], f["part"][some]],
                    list(f["published_id"].asstr()[some]),
                )

    return PartSplit(parts, chunks())


def wanted(path: PurePosixPath) -> bool:
    return path.suffix.lower() == ".h5"
