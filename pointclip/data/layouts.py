"""How published files of clouds are laid out: four layouts, each a stream of clouds and labels."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Integer

from pointclip.clouds.load import SUFFIXES, load_cloud
from pointclip.core.errors import UserError, choose
from pointclip.core.files import read_text, shown
from pointclip.core.store import open_h5


CHUNK = 256
SAMPLED = 2048
Entry = Mapping[str, Any]
# Labels 0 to 14 in this order, which is not the alphabet's.
SCANOBJECTNN = (
    *("bag", "bin", "box", "cabinet", "chair", "desk", "display", "door", "shelf", "table"),
    *("bed", "pillow", "sink", "sofa", "toilet"),
)
SCANOBJECTNN_FILES = {
    "obj_bg": ("main_split", "objectdataset"),
    "obj_only": ("main_split_nobg", "objectdataset"),
    "pb_t50_rs": ("main_split", "objectdataset_augmentedrot_scale75"),
}


class Chunk(NamedTuple):
    """Some clouds of a split: points (cloud, point, 3) float32, labels, and published ids."""

    points: Float[np.ndarray, "cloud point 3"]
    label: Integer[np.ndarray, "cloud"]
    published_id: list[str]


@dataclass(frozen=True)
class Split:
    """A split as published: its class names in label order, and its clouds as a stream."""

    classes: list[str]
    chunks: Iterator[Chunk]


def furniture(entry: Entry, source: Path, split: str) -> Split:
    """The embedded shapes: one HDF5 file with points as scaled int16."""

    def chunks() -> Iterator[Chunk]:
        with open_h5(source) as f:
            rows = np.flatnonzero(f["split"].asstr()[:] == split)
            points, scale = f["points"], float(f["points"].attrs["scale"])
            for part in _split(rows):
                yield Chunk(
                    points[part].astype(np.float32) * np.float32(scale),
                    f["label"][part].astype(np.int64),
                    list(f["published_id"].asstr()[part]),
                )

    with open_h5(source) as f:
        return Split([str(name) for name in f.attrs["classes"]], chunks())


def modelnet_h5(entry: Entry, source: Path, split: str) -> Split:
    """The folder `modelnet40_ply_hdf5_2048` as published (and ModelNet10 in the same form).

    The order is that of the file lists, on which the released sampler of shots depends. Those lists
    name the files relative to someone's run directory: only the last parts count.
    """
    folder = _only(source, f"{split}_files.txt").parent
    classes = _lines(folder / "shape_names.txt")
    names = [PurePosixPath(line).name for line in _lines(folder / f"{split}_files.txt")]

    def chunks() -> Iterator[Chunk]:
        for name in names:
            published = _id2file(folder, name)
            with open_h5(folder / name) as f:
                label = f["label"][:].reshape(-1).astype(np.int64)
                for part in _split(np.arange(len(label))):
                    ids = [published[i] if published else f"{name}#{i}" for i in part]
                    yield Chunk(f["data"][part[0] : part[-1] + 1], label[part], ids)

    return Split(classes, chunks())


def scanobjectnn_h5(entry: Entry, source: Path, split: str) -> Split:
    """A variant of ScanObjectNN as published: `obj_only`, `obj_bg` or `pb_t50_rs`.

    With `background: drop` the points that the mask calls background are left out, and the others
    repeated in their place. Its y axis points up as in ModelNet's h5, but the clouds are in metres
    and off centre: set `normalise: true`.
    """
    variant = choose(entry.get("variant", "obj_only"), SCANOBJECTNN_FILES, "ScanObjectNN variant")
    drop = choose(entry.get("background", "keep"), ("keep", "drop"), "background") == "drop"
    folder, stem = SCANOBJECTNN_FILES[variant]
    part = {"train": "training", "test": "test"}[split]
    path = _only(source, f"{folder}/{part}_{stem}.h5")

    def chunks() -> Iterator[Chunk]:
        with open_h5(path) as f:
            for rows in _split(np.arange(len(f["label"]))):
                block = np.s_[rows[0] : rows[-1] + 1]
                points = f["data"][block].astype(np.float32)
                if drop:
                    mask = f["mask"][block].reshape(len(points), -1) >= 0
                    points = np.stack(
                        [_foreground(*pair) for pair in zip(points, mask, strict=True)]
                    )
                label = f["label"][block].reshape(-1).astype(np.int64)
                yield Chunk(points, label, [f"{path.name}#{i}" for i in rows])

    return Split(list(SCANOBJECTNN), chunks())


def folder(entry: Entry, source: Path, split: str) -> Split:
    """Files in `class/{train,test}/`; meshes are sampled evenly over their area.

    Each file has its own seed, so that a cloud does not depend on the other files. At least
    2,048 points are drawn, so that the first N of them are the same for every smaller N.
    """
    root = _class_folder(source)
    classes = sorted(
        p.name for p in root.iterdir() if (p / "train").is_dir() or (p / "test").is_dir()
    )
    wanted = max(entry.get("points") or 0, SAMPLED)
    files = [
        (label, path)
        for label, name in enumerate(classes)
        for path in sorted((root / name / split).glob("*"), key=_natural)
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
    ]

    def chunks() -> Iterator[Chunk]:
        for part in _split(np.arange(len(files))):
            some = [files[i] for i in part]
            clouds = [load_cloud(path, wanted, seed=entry.get("seed", 0)) for _, path in some]
            ids = [shown(path.relative_to(root)) for _, path in some]
            yield Chunk(np.stack(clouds), np.array([label for label, _ in some]), ids)

    return Split(classes, chunks())


def wanted_from_archive(entry: Entry) -> Callable[[PurePosixPath], bool]:
    """Which files of a zip its reader reads; of all variants, since they share a download."""
    if entry["reader"] == "scanobjectnn_h5":
        ends = [
            f"{d}/{part}_{stem}.h5"
            for d, stem in SCANOBJECTNN_FILES.values()
            for part in ("training", "test")
        ]
        return lambda path: str(path).endswith(tuple(ends))
    suffixes = {"modelnet_h5": (".h5", ".txt", ".json")}.get(entry["reader"], SUFFIXES)
    return lambda path: path.suffix.lower() in suffixes and not path.name.startswith(".")


def _split(rows: np.ndarray) -> Iterator[np.ndarray]:
    return (rows[i : i + CHUNK] for i in range(0, len(rows), CHUNK))


def _only(source: Path, ending: str) -> Path:
    """The file under `source` whose path has this ending."""
    for pattern in (ending, f"*/{ending}", f"*/*/{ending}", f"*/*/*/{ending}"):
        if found := sorted(source.glob(pattern)):
            return found[0]
    raise UserError(f"{source} holds no file {ending}.")


def _lines(path: Path) -> list[str]:
    return [line.strip() for line in read_text(path).splitlines() if line.strip()]


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


def _foreground(
    points: Float[np.ndarray, "point 3"], mask: np.ndarray
) -> Float[np.ndarray, "point 3"]:
    kept = points[mask]
    return kept[np.arange(len(points)) % len(kept)] if len(kept) else points


def _class_folder(source: Path) -> Path:
    """The folder of classes: `source`, or the one folder that a zip has unpacked to within it."""
    for candidate in (source, *sorted(p for p in source.glob("*") if p.is_dir())):
        if any((p / "train").is_dir() or (p / "test").is_dir() for p in candidate.glob("*")):
            return candidate
    raise UserError(f"{source} holds no folders class/train and class/test.")


def _natural(path: Path) -> list[tuple[int, str]]:
    """chair_2 before chair_10."""
    return [(int(n), "") if n.isdigit() else (-1, n) for n in re.split(r"(\d+)", path.name) if n]
