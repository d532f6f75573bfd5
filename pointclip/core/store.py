"""How results lie on disk: HDF5 for arrays, Parquet for rows (weights: `tensors`).

A file carries the parameters that made it, and a checksum.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pointclip.core import checksum
from pointclip.core.atomic import atomic
from pointclip.core.errors import DamagedFile, UserError


@contextmanager
def new_h5(path: str | Path, **attrs: Any) -> Iterator[h5py.File]:
    """Open a new HDF5 file for writing; `attrs` that HDF5 cannot hold are stored as JSON."""
    with atomic(path) as partial:
        with h5py.File(partial, "w") as f:
            for key, value in attrs.items():
                plain = isinstance(value, str | int | float | np.generic | np.ndarray)
                f.attrs[key] = value if plain else json.dumps(value)
            yield f
        checksum.seal_h5(partial)


@contextmanager
def open_h5(path: str | Path, foreign: bool = False) -> Iterator[h5py.File]:
    """Open an HDF5 file for reading.

    Args:
        foreign: the file was not made by `new_h5`, and so has no checksum.

    Raises:
        UserError: if the file is missing.
        DamagedFile: if it is cut short, no HDF5, or does not fit its checksum.
    """
    path = Path(path)
    try:
        _check_seal(path, checksum.h5_fits(path), foreign)
        f = h5py.File(path, "r")
    except FileNotFoundError as error:
        raise UserError(f"{path} does not exist.") from error
    except OSError as error:
        raise DamagedFile(path, f"is not a readable HDF5 file ({_first_line(error)})") from error
    with f:
        try:
            yield f
        except (OSError, KeyError) as error:
            if not foreign:  # it fits its checksum: what failed is another file, or our own code
                raise
            # Without a checksum, a damaged chunk shows only when it is read.
            raise DamagedFile(path, f"is damaged or incomplete ({_first_line(error)})") from error


def _check_seal(path: Path, fits: bool | None, foreign: bool) -> None:
    if fits is False:
        raise DamagedFile(path, "is damaged (it does not fit its own checksum)")
    if fits is None and not foreign:
        raise DamagedFile(path, "is cut short, or of an older version (it has no checksum)")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def create_rows(
    group: h5py.Group,
    name: str,
    size: tuple[int, ...],
    dtype: Any,
    rows: int = 1,
    pressed: bool = False,
    fill: int | float = 0,
) -> h5py.Dataset:
    """A data set that is written and read by rows, and may grow.

    (Depth maps of dots have chunks of their own in `projection/dots.py`.)

    Args:
        rows: in a chunk, which is what a look at one row reads.
        pressed: by zstd: of all filters it leaves the smallest files of depth maps, and its higher
            levels take twice the time and save nothing.
    """
    more = {**hdf5plugin.Zstd(clevel=1)} if pressed else {}
    shape = {"chunks": (rows, *size[1:]), "maxshape": (None, *size[1:])}
    return group.create_dataset(name, size, dtype, fillvalue=fill, **shape, **more)


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
        with pq.ParquetWriter(partial, table.schema) as writer:
            writer.write_table(table)
            writer.add_key_value_metadata({checksum.KEY: checksum.ABSENT})
        checksum.seal_parquet(partial)


def read_parquet(
    path: str | Path, columns: list[str] | None = None, foreign: bool = False
) -> pd.DataFrame:
    """Read a table; what `write_parquet` was given as metadata is in `frame.attrs`.

    Args:
        foreign: the file was not made by `write_parquet`, and so needs no checksum.

    Raises:
        UserError: if the file is missing.
        DamagedFile: if it is no Parquet file, or does not fit its checksum.
    """
    path, prefix = Path(path), b"pointclip."
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise UserError(f"{path} does not exist.") from error
    try:
        _check_seal(path, checksum.parquet_fits(content), foreign)
        table = pq.read_table(pa.BufferReader(content), columns=columns)
        table.validate(full=foreign)  # a stranger's strings may be no UTF-8
        frame = table.to_pandas()
        frame.attrs = {
            key.removeprefix(prefix).decode(): json.loads(value)
            for key, value in (table.schema.metadata or {}).items()
            if key.startswith(prefix) and key != checksum.KEY
        }
    except DamagedFile:
        raise
    # A stranger's footer may be wrong in any way: pandas and json raise a dozen kinds of errors.
    except Exception as error:
        raise DamagedFile(path, "is not a readable Parquet file") from error
    return frame
