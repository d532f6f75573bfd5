"""The embedded shapes: one HDF5 file with points as scaled int16."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import numpy as np

from pointclip.core.store import open_h5
from pointclip.data.readers.base import Chunk, Entry, Split, row_chunks


def read(entry: Entry, source: Path, split: str) -> Split:
    def chunks() -> Iterator[Chunk]:
        with open_h5(source, foreign=True) as f:
            rows = np.flatnonzero(f["split"].asstr()[:] == split)
            points, scale = f["points"], float(f["points"].attrs["scale"])
            for part in row_chunks(rows):
                yield Chunk(
                    points[part].astype(np.float32) * np.float32(scale),
                    f["label"][part].astype(np.int64),
                    list(f["published_id"].asstr()[part]),
                )

    with open_h5(source, foreign=True) as f:
        return Split([str(name) for name in f.attrs["classes"]], chunks())


def wanted(path: PurePosixPath) -> bool:
    return path.suffix.lower() == ".h5"
