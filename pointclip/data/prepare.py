"""Download a data set, and write each split as clouds, labels and source ids."""

import logging
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import h5py
import numpy as np
import pandas as pd

from pointclip.clouds.colors import GREY_BYTE
from pointclip.core.atomic import write_json
from pointclip.core.errors import UserError
from pointclip.core.job import progress
from pointclip.core.store import create_rows, new_h5, write_parquet
from pointclip.data.download import URL_KEY, fetch, unpack, url_key
from pointclip.data.read_split import load_reader, read_split
from pointclip.data.readers.base import Chunk


log = logging.getLogger(__name__)
MANIFEST, UNPACKED = "manifest.json", "unpacked"


def download(
    entry: Mapping[str, Any],
    folder: str | Path,
    wanted: Callable[[PurePosixPath], bool] | None = None,
) -> Path:
    """Fetch a data set into `folder` and write `manifest.json` there, last.

    The entry's `urls` are tried in order; `sha256` or `md5` is checked, or a hash is recorded. A
    zip is unpacked (only what the reader reads) and then removed, unless it is the user's own. What
    other URLs have left in `folder` is removed at the end. A zip that cannot be read is removed at
    once, so that the next run fetches it again.

    Args:
        wanted: what of a zip is unpacked; None is as the entry's reader says.

    Raises:
        UserError: if nothing can be fetched, or it has another checksum, or is no readable zip.
    """
    folder = Path(folder)
    wanted = wanted or load_reader(entry).wanted
    if terms := entry.get("terms"):
        log.warning("Terms of use, please read before you go on: %s", terms)
    checksum = next((f"{k}:{entry[k]}".lower() for k in ("sha256", "md5") if entry.get(k)), None)
    archive, found, url = fetch(entry["urls"], folder, checksum)
    own = not archive.resolve().is_relative_to(folder.resolve())
    content = {"url": url, "checksum": found, "checked": checksum is not None}
    # Some URLs end in no name.
    suffix = archive.suffix.lower()
    zipped = suffix == ".zip" or (not suffix and zipfile.is_zipfile(archive))
    if zipped:
        content |= {"data": UNPACKED, "size": archive.stat().st_size}
        try:
            content["files"] = unpack(archive, folder / UNPACKED, wanted)
        except UserError as error:
            if own:
                raise
            archive.unlink(missing_ok=True)
            raise UserError(f"{error} It came from {url} and is deleted: run again.") from error
    else:
        content["data"] = str(archive.resolve() if own else archive.relative_to(folder))
    write_json(content, folder / MANIFEST)
    kept = UNPACKED if zipped else url_key(url)
    for left in folder.iterdir():
        if left.name != kept and (left.name == UNPACKED or URL_KEY.fullmatch(left.name)):
            shutil.rmtree(left)
    return folder / MANIFEST


def prepare(
    entry: Mapping[str, Any],
    source: str | Path,
    split: str,
    clouds_path: str | Path,
    labels_path: str | Path,
    ids_path: str | Path,
) -> None:
    """Write a split as three files: clouds with opaque ids, their labels, and their source ids.

    A source id is the name that the data set itself gives a shape. It stands apart from the labels
    because blending needs it and must not see a label.

    The file of clouds has `colors` (shape, point, 3) uint8 beside `points` if any shape has them;
    a shape without is grey. Memory does not grow with the number of clouds. See `read_split` for
    the arguments.

    Raises:
        UserError: if the split is empty or cannot be read.
    """
    stream = read_split(entry, source, split)
    label: list[np.ndarray] = []
    source_ids: list[str] = []
    attrs = {"up": "y", "reader": entry["reader"], "entry": dict(entry), "split": split}
    with new_h5(clouds_path, **attrs) as f:
        written = 0
        for chunk in progress(_limited(stream.chunks, entry), 0, "chunk", f"Reading {split}"):
            append(f, "points", chunk.points, written)
            if chunk.colors is not None:
                append(f, "colors", chunk.colors, written)
            written += len(chunk.label)
            label.append(chunk.label)
            source_ids += chunk.source_ids
        if not source_ids:
            raise UserError(f"{source} has no {split} split that the entry's reader could read.")
        ids = [f"{split}/{i:06d}" for i in range(len(source_ids))]
        f["id"] = np.array(ids, dtype="S")
        if "colors" in f:
            f["colors"].resize(written, axis=0)
    labels = np.concatenate(label)
    classes = stream.classes
    frame = pd.DataFrame({"id": ids, "label": labels, "class": [classes[i] for i in labels]})
    about = {"split": split, "reader": entry["reader"]}
    write_parquet(frame, labels_path, classes=classes, **about)
    write_parquet(pd.DataFrame({"id": ids, "source_id": source_ids}), ids_path, **about)
    log.info("%d clouds of %d classes", len(ids), len(np.unique(labels)))


def append(f: h5py.File, name: str, values: np.ndarray, start: int) -> None:
    """Write shapes from row `start` on; rows of colours that were never written are grey."""
    if name not in f:
        shape, fill = values.shape[1:], GREY_BYTE if name == "colors" else 0
        create_rows(f, name, (0, *shape), values.dtype, rows=16, fill=fill)
    f[name].resize(start + len(values), axis=0)
    f[name][start:] = values


def _limited(chunks: Iterator[Chunk], entry: Mapping[str, Any]) -> Iterator[Chunk]:
    """Only the first `shapes_per_class` of each class, if the entry says so."""
    most = entry.get("shapes_per_class")
    seen: dict[int, int] = {}
    for chunk in chunks:
        keep = []
        for row, label in enumerate(chunk.label.tolist()):
            seen[label] = seen.get(label, 0) + 1
            if most is None or seen[label] <= most:
                keep.append(row)
        if keep:
            yield chunk.rows(keep)
