"""How results lie on disk: HDF5 for arrays, Parquet for rows (weights: `tensors`).

A file appears under its own name only when it is complete, so that a later job never takes what a
killed one left for finished; and it carries the parameters that made it.
"""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin  # noqa: F401  (lets h5py read depth maps, which are compressed by zstd)
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pointclip.core.errors import UserError


@contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """Yield a temporary name beside `path`; move it into place if the block succeeds.

    The temporary name keeps the suffix (matplotlib and others read the format from it).
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.stem}.{os.getpid()}.partial{path.suffix}")
    try:
        yield partial
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def link_or_copy(source: str | Path, target: str | Path) -> None:
    """Give a file a second name: a hard link, or a copy where there can be none."""
    with atomic(target) as partial:
        try:
            os.link(source, partial)
        except OSError:
            shutil.copyfile(source, partial)


def write_text(text: str, path: str | Path) -> None:
    """Write `text` as UTF-8."""
    with atomic(path) as partial:
        partial.write_text(text, encoding="utf-8")


@contextmanager
def new_h5(path: str | Path, **attrs: Any) -> Iterator[h5py.File]:
    """Open a new HDF5 file for writing; `attrs` that HDF5 cannot hold are stored as JSON."""
    with atomic(path) as partial, h5py.File(partial, "w") as f:
        for key, value in attrs.items():
            plain = isinstance(value, str | int | float | np.generic | np.ndarray)
            f.attrs[key] = value if plain else json.dumps(value)
        yield f


@contextmanager
def open_h5(path: str | Path) -> Iterator[h5py.File]:
    """Open an HDF5 file for reading.

    Raises:
        UserError: if the file is missing, cut short or no HDF5.
    """
    try:
        f = h5py.File(path, "r")
    except FileNotFoundError as error:
        raise UserError(f"{path} does not exist.") from error
    except OSError as error:
        raise UserError(
            f"{path} is not a readable HDF5 file ({str(error).splitlines()[0]}): "
            "delete it and run again, and it is made anew."
        ) from error
    with f:
        try:
            yield f
        except (OSError, KeyError) as error:
            # A damaged chunk shows only when it is read.
            raise UserError(
                f"{path} is damaged or incomplete ({str(error).splitlines()[0]}): "
                "delete it and run again, and it is made anew."
            ) from error


def ids_of(paths: Sequence[str | Path]) -> np.ndarray:
    """The `id` of every row over all shards, as an array of str."""
    parts = []
    for path in paths:
        with open_h5(path) as f:
            parts.append(f["id"].asstr()[:])
    return np.concatenate(parts)


def view_names(path: str | Path) -> list[str]:
    """What the views in a file of depth maps or features are called."""
    with open_h5(path) as f:
        return json.loads(f.attrs["view_names"])


def read_h5_rows(
    paths: Sequence[str | Path], name: str, ids: Sequence[str] | np.ndarray | None = None
) -> np.ndarray:
    """Read data set `name` from a list of shards, all rows or those of `ids`, in that order.

    Raises:
        UserError: if an id is in no shard.
    """
    if ids is None:
        parts = []
        for path in paths:
            with open_h5(path) as f:
                parts.append(f[name][:])
        return np.concatenate(parts)
    wanted = pd.Index(ids)
    result: np.ndarray | None = None
    found = np.zeros(len(wanted), dtype=bool)
    for path in paths:
        with open_h5(path) as f:
            row = pd.Index(f["id"].asstr()[:]).get_indexer(wanted)
            here = np.flatnonzero(row >= 0)
            data = f[name]
            if result is None:
                result = np.empty((len(wanted), *data.shape[1:]), data.dtype)
            if len(here):
                # h5py wants increasing, distinct indices.
                unique, inverse = np.unique(row[here], return_inverse=True)
                result[here] = data[unique][inverse]
                found[here] = True
    if not found.all():
        raise UserError(f"No row '{wanted[~found][0]}' in {', '.join(map(str, paths))}.")
    assert result is not None
    return result


def write_parquet(frame: pd.DataFrame, path: str | Path, **metadata: Any) -> None:
    """Write a table; `metadata` values are stored as JSON and come back in `frame.attrs`."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    extra = {f"pointclip.{k}".encode(): json.dumps(v).encode() for k, v in metadata.items()}
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), **extra})
    with atomic(path) as partial:
        pq.write_table(table, partial)


def read_parquet(path: str | Path, columns: list[str] | None = None) -> pd.DataFrame:
    """Read a table; what `write_parquet` was given as metadata is in `frame.attrs`.

    Raises:
        UserError: if the file is missing or no Parquet file.
    """
    try:
        table = pq.read_table(path, columns=columns)
    except FileNotFoundError as error:
        raise UserError(f"{path} does not exist.") from error
    except (pa.ArrowException, OSError) as error:
        raise UserError(
            f"{path} is not a readable Parquet file: delete it and run again, and it is made anew."
        ) from error
    frame = table.to_pandas()
    prefix = b"pointclip."
    frame.attrs = {
        key.removeprefix(prefix).decode(): json.loads(value)
        for key, value in (table.schema.metadata or {}).items()
        if key.startswith(prefix)
    }
    return frame
