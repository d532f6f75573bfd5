"""A person's cloud with a label for every point: PLY with a label property, NPZ with two arrays."""

import zipfile
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int64

from pointclip.clouds.formats.ply import read_header
from pointclip.clouds.formats.text import numbers
from pointclip.clouds.mesh import check_bounds
from pointclip.core.errors import UserError
from pointclip.core.files import printable
from pointclip.core.npz import read_npz


LABELLED_SUFFIXES = (".ply", ".npz")
# How the property or array of labels may be called, in any case.
LABEL_NAMES = ("part", "label", "labels", "parts", "part_label", "class", "scalar_label", "seg")
_POINT_NAMES = ("points", "point", "pts", "xyz", "pos", "data")
_MOST_POINTS = 10_000_000

Labelled = tuple[Float[np.ndarray, "point 3"], Int64[np.ndarray, " point"]]


def load_labelled(path: str | Path) -> Labelled:
    """Points (float32) and a whole number for each, 0 or more.

    Raises:
        UserError: if the file is missing, damaged, or has no labels.
    """
    path = Path(path)
    if path.suffix.lower() not in LABELLED_SUFFIXES:
        raise UserError(
            f"{printable(path)} cannot have part labels: give {' or '.join(LABELLED_SUFFIXES)}."
        )
    if not path.is_file():
        raise UserError(f"Cannot read {printable(path)}: there is no such file.")
    read = _read_ply if path.suffix.lower() == ".ply" else _read_npz
    try:
        points, labels = read(path)
        return _checked(points, labels)
    except UserError as error:
        raise UserError(f"Cannot read {printable(path)}: {error}.") from error
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise UserError(f"Cannot read {printable(path)}: it is damaged ({error}).") from error


def _checked(points: np.ndarray, labels: np.ndarray) -> Labelled:
    if points.ndim != 2 or points.shape[1] < 3 or points.dtype.kind not in "fiu":
        raise UserError(f"its points have the shape {points.shape}, not (N, 3)")
    labels = labels.reshape(-1)
    if len(labels) != len(points):
        raise UserError(f"it has {len(labels)} labels for {len(points)} points")
    if labels.dtype.kind not in "fiub" or not (labels == labels.astype(np.int64)).all():
        raise UserError("its labels are no whole numbers")
    if len(labels) < 3:
        raise UserError(f"it holds {len(labels)} points, too few for a shape")
    if labels.min() < 0:
        raise UserError(f"it has the label {int(labels.min())}: labels count from 0")
    points = points[:, :3].astype(np.float32)
    if not np.isfinite(points).all():
        raise UserError("some coordinates are no finite numbers")
    check_bounds(points)
    return points, labels.astype(np.int64)


def _read_ply(path: Path) -> tuple[np.ndarray, np.ndarray]:
    with path.open("rb") as f:
        order, elements = read_header(f)
        if not elements or elements[0].name != "vertex":
            raise UserError("its first element are not vertices")
        vertex = elements[0]
        xyz, names = vertex.columns()[:3], [p.name.lower() for p in vertex.properties]
        column = next((names.index(name) for name in LABEL_NAMES if name in names), None)
        if column is None:
            raise UserError(
                f"its vertices have no label: call the property one of {', '.join(LABEL_NAMES)}"
            )
        left = path.stat().st_size - f.tell()
        least = vertex.least_bytes if order else 2 * len(names)
        if vertex.count * least > left or vertex.count > _MOST_POINTS:
            raise UserError(f"it announces {vertex.count} points, but is cut short")
        if order:
            table = np.fromfile(f, vertex.dtype, vertex.count)
            return np.stack([table[str(i)] for i in xyz], 1), table[str(column)]
        lines = [line for line in f.read().split(b"\n") if line.strip()][: vertex.count]
        found = numbers(b"\n".join(lines))
        if len(found) != vertex.count * len(names):
            raise UserError("its vertices are not all equally many numbers")
        table = found.reshape(vertex.count, len(names))
        return table[:, xyz], table[:, column]


def _read_npz(path: Path) -> tuple[np.ndarray, np.ndarray]:
    arrays = {name.lower(): array for name, array in read_npz(path).items()}
    points = next((arrays[name] for name in _POINT_NAMES if name in arrays), None)
    labels = next((arrays[name] for name in LABEL_NAMES if name in arrays), None)
    if points is None or labels is None:
        raise UserError(
            f"it has the arrays {', '.join(arrays)}: call the points 'points' and their labels "
            "'part'"
        )
    return points, labels
