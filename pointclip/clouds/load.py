"""Point clouds: from a person's file to (N, 3) float32, with the y axis up."""

import os
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8

from pointclip.clouds.formats.by_suffix import FORMATS
from pointclip.clouds.isolation import READER
from pointclip.clouds.up_axis import UP, turn_up
from pointclip.core.errors import UserError, choose
from pointclip.core.files import printable


SUFFIXES = tuple(FORMATS)


def load_cloud(
    path: str | Path,
    points: int | None = None,
    up: str = "y",
    seed: int = 0,
    index: int = 0,
) -> Float[np.ndarray, "point 3"]:
    """Read a cloud, or sample a mesh evenly over its area.

    Formats by suffix: see `SUFFIXES`. `file.h5#12` is cloud 12 of an HDF5 file, as `index=12` is.
    Points that are no finite numbers are left out, as range cameras write them where they see
    nothing. Units and place are those of the file, unless the cloud is so far off that float32
    could not tell its points apart (survey coordinates): then it is moved to the origin.

    Args:
        points: how many to return: larger clouds are subsampled at random, smaller ones repeated.
            None returns all of a cloud (subsampled to a million), or 2,048 points of a mesh.
        up: the axis that points up in the file, one of x, y, z, -x, -y, -z; turned to y.
        seed: of sampling and subsampling.
        index: which cloud of a file that holds several.

    Raises:
        UserError: if the file is missing, damaged, or no cloud. Nothing in it is ever executed,
            and `budget` limits the memory and time that it takes, by its size on disk.
    """
    return load_colored_cloud(path, points, up, seed, index, colored=False)[0]


def load_colored_cloud(
    path: str | Path,
    points: int | None = None,
    up: str = "y",
    seed: int = 0,
    index: int = 0,
    repeat: bool = True,
    colored: bool = True,
) -> tuple[Float[np.ndarray, "point 3"], UInt8[np.ndarray, "point 3"] | None]:
    """The points of `load_cloud`, and their colours, or None if the file has none.

    Colours are read from PLY, PCD, LAS, LAZ, OBJ (of vertices), OFF, glTF (of vertices, materials
    and textures), from text whose header names red, green and blue, and from arrays called
    `colors` or `rgb` beside the points of an NPZ or HDF5 file. Colours that are all black count as
    none.

    Args:
        repeat: whether a smaller cloud's points are repeated up to `points`.
        colored: whether colours are looked for.
    """
    choose(up, UP, "up axis")
    if points is not None and points < 1:
        raise UserError(f"{points} points cannot be sampled: ask for at least 1.")
    path, index = split_index(Path(path), index)
    name = printable(path)
    if path.suffix.lower() not in FORMATS:
        raise UserError(f"{name} has no suffix of a point cloud: known are {', '.join(FORMATS)}.")
    how = {"points": points, "index": index, "seed": seed, "colored": colored, "repeat": repeat}
    try:
        found = READER.arrays(path, **how)
    except UserError as error:
        raise UserError(f"Cannot read {name}: {error}.") from error
    return turn_up(found["points"], up), found.get("colors")


def normalise(points: Float[np.ndarray, "point 3"]) -> Float[np.ndarray, "point 3"]:
    """Move the centroid to the origin and scale the farthest point to distance 1."""
    wide = points.astype(np.float64)
    wide -= wide.mean(0)
    radius = np.sqrt((wide**2).sum(1).max())
    return (wide / max(radius, 1e-12)).astype(np.float32)


def split_index(path: Path, index: int) -> tuple[Path, int]:
    """`file.h5#12` is file.h5 and 12, unless there is a file of just that name."""
    stem, mark, number = path.name.rpartition("#")
    if mark and number.isdecimal() and len(number) < 10 and not os.path.lexists(path):
        return path.with_name(stem or path.name), int(number)
    return path, index
