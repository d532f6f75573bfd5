"""ShapeNetPart as published, in both forms: HDF5 files of 2,048 points (as PointCLIP V2 reads) and
text files with normals, whose numbers of points vary."""

import json
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import numpy as np
from jaxtyping import Integer

from pointclip.catalog.parts import SHAPENETPART
from pointclip.core.errors import UserError
from pointclip.core.files import read_text
from pointclip.data.readers.base import (
    Entry,
    PartChunk,
    PartSplit,
    find_one,
    natural_order,
    published_shapes,
    row_chunks,
)


POINTS = 2048
PARTS = {name: list(parts) for name, (_, parts) in SHAPENETPART.items()}
_SYNSETS = {synset: name for name, (synset, _) in SHAPENETPART.items()}
# The first global id of every class.
_FIRST = np.cumsum([0, *(len(parts) for parts in PARTS.values())])[:-1]


def read(entry: Entry, source: Path, split: str) -> PartSplit:
    """HDF5 files wherever they lie in the folder (releases disagree about the folders around them),
    else the folder of text files. The published validation split is not used."""
    try:
        first = find_one(source, f"ply_data_{split}0.h5")
    except UserError:
        return PartSplit(PARTS, _read_text_files(source, split))
    return PartSplit(PARTS, _read_h5_files(first.parent, split))


def to_local(
    ids: Integer[np.ndarray, "shape point"], label: Integer[np.ndarray, " shape"], source: Path
) -> Integer[np.ndarray, "shape point"]:
    """Parts counted within a class, from global ids (0 to 49).

    Raises:
        UserError: if an id is none of its class's.
    """
    local = ids.astype(np.int64) - _FIRST[label][:, None]
    most = np.array([len(parts) for parts in PARTS.values()])[label][:, None]
    wrong = np.argwhere((local < 0) | (local >= most))
    if len(wrong):
        row, point = wrong[0]
        name = list(PARTS)[label[row]]
        raise UserError(
            f"{source} has the part id {ids[row, point]} in a shape of class '{name}', whose ids "
            f"are {_FIRST[label[row]]} to {_FIRST[label[row]] + most[row, 0] - 1}."
        )
    return local


def to_global(
    part: Integer[np.ndarray, "shape point"], label: Integer[np.ndarray, " shape"]
) -> Integer[np.ndarray, "shape point"]:
    """Global ids (0 to 49) from parts counted within a class."""
    return part + _FIRST[label][:, None]


def wanted(path: PurePosixPath) -> bool:
    return path.suffix.lower() in (".h5", ".txt", ".json") and not path.name.startswith(".")


def _read_h5_files(folder: Path, split: str) -> Iterator[PartChunk]:
    for path in sorted(folder.glob(f"ply_data_{split}*.h5"), key=natural_order):
        data, label, pid = published_shapes(path, "pid")
        if len(label) and not 0 <= label.min() <= label.max() < len(PARTS):
            raise UserError(f"{path} has a label that is none of 0 to {len(PARTS) - 1}.")
        for rows in row_chunks(np.arange(len(data))):
            part = to_local(pid[rows], label[rows], path)
            ids = [f"{path.stem}#{row}" for row in rows]
            yield PartChunk(data[rows].astype(np.float32), label[rows], part, ids)


def _read_text_files(source: Path, split: str) -> Iterator[PartChunk]:
    listed = find_one(source, f"train_test_split/shuffled_{split}_file_list.json")
    root = listed.parent.parent
    try:
        # Entries are shape_data/{synset}/{id}, whatever the folder is called here.
        names = [tuple(PurePosixPath(name).parts[-2:]) for name in json.loads(read_text(listed))]
    except (json.JSONDecodeError, TypeError) as error:
        raise UserError(f"{listed} is no list of names ({error}).") from error
    known = list(PARTS)
    for some in row_chunks(np.arange(len(names))):
        points, label, part, ids = [], [], [], []
        for synset, shape in (names[row] for row in some):
            if synset not in _SYNSETS:
                raise UserError(f"{listed} names the unknown synset '{synset}'.")
            path = root / synset / f"{shape}.txt"
            table = _read_table(path)
            label.append(known.index(_SYNSETS[synset]))
            points.append(table[:, :3].astype(np.float32))
            own = to_local(table[None, :, 6].astype(np.int64), np.array(label[-1:]), path)
            part.append(own[0])
            ids.append(f"{synset}/{shape}")
        yield PartChunk(np.stack(points), np.array(label), np.stack(part), ids)


def _read_table(path: Path) -> np.ndarray:
    """2,048 rows x y z nx ny nz id, sampled without repeats if there are enough, as GeoZe does."""
    try:
        table = np.loadtxt(path, ndmin=2)
    except (OSError, ValueError) as error:
        raise UserError(f"{path} is no readable file of seven columns ({error}).") from error
    if table.shape[1] != 7:
        raise UserError(f"{path} has {table.shape[1]} columns, not x y z nx ny nz id.")
    rows = np.random.RandomState(0).choice(len(table), POINTS, replace=len(table) < POINTS)
    return table[rows]
