"""What cameras see, and features, kept on disk: a group for every frame and side of a set of pairs.

A frame that could not be read is a group with its problem as a sentence: its pairs fail, and the
others go on.
"""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import h5py
import hdf5plugin
import numpy as np
from jaxtyping import Float32, UInt8

from pointclip.core.errors import UserError
from pointclip.registration.align import Surface
from pointclip.registration.camera import Camera
from pointclip.registration.keypoints import Keypoints
from pointclip.registration.side import Seen


log = logging.getLogger(__name__)
SIDES = ("query", "target")
PRESSED: Any = hdf5plugin.Zstd(3)


def group_name(side: str, scene: str, frame: int) -> str:
    """Of a frame's side."""
    return f"{side}/{scene}/{frame}"


def write_array(group: h5py.Group, name: str, values: np.ndarray) -> None:
    """A compressed array."""
    group.create_dataset(name, data=values, **PRESSED if values.size else {})


@contextmanager
def problem_told(file: h5py.File, name: str) -> Iterator[None]:
    """What goes wrong with one frame is logged and written as its problem; the others go on."""
    try:
        yield
    except UserError as error:
        log.warning("%s: %s", name, error)
        file.pop(name, None)
        write_problem(file, name, str(error))


def write_problem(file: h5py.File, name: str, sentence: str) -> None:
    """Say why there is nothing of a frame."""
    file.create_group(name).attrs["problem"] = sentence


def problem_of(file: h5py.File, names: Iterable[str]) -> str:
    """What is wrong with the first of these frames that has a problem; empty if none has."""
    for name in names:
        if name not in file:
            return f"There is no frame {name}."
        if sentence := file[name].attrs.get("problem", ""):
            return str(sentence)
    return ""


def check_frame(file: h5py.File, name: str) -> None:
    """See that a frame has no problem.

    Raises:
        UserError: if it has one: its sentence.
    """
    if sentence := problem_of(file, [name]):
        raise UserError(sentence)


def write_side(
    file: h5py.File, name: str, seen: Seen, keypoints: Keypoints, surface: Surface | None
) -> None:
    """What a side's camera sees, its key-points, and its sample of points."""
    group, camera = file.create_group(name), seen.camera
    group.attrs["intrinsics"] = camera.intrinsics
    group.attrs["size"] = (camera.width, camera.height)
    group.attrs["valid_depth"] = seen.valid_depth
    group.attrs["edge_limit"], group.attrs["unit"] = seen.edge_limit, seen.unit
    if seen.color is not None:
        write_array(group, "color", seen.color)
    if seen.depth is not None:
        write_array(group, "depth", seen.depth)
    write_array(group, "keypoints", keypoints.uv)
    write_array(group, "keypoint_points", keypoints.points)
    if surface is not None:
        for part in ("points", "normals", "weights"):
            write_array(group, f"surface_{part}", getattr(surface, part))


def read_seen(file: h5py.File, name: str) -> Seen:
    """What was written of a camera's view."""
    group = file[name]
    color: UInt8[np.ndarray, "height width 3"] | None = _array(group, "color")
    depth: Float32[np.ndarray, "height width"] | None = _array(group, "depth")
    nearest, farthest = map(float, group.attrs["valid_depth"])
    limits = (nearest, farthest), float(group.attrs["edge_limit"]), float(group.attrs["unit"])
    return Seen(_camera(group), color, depth, *limits)


def read_keypoints(file: h5py.File, name: str) -> Keypoints:
    """The key-points of a side."""
    group = file[name]
    return Keypoints(group["keypoints"][:], group["keypoint_points"][:], _camera(group))


def read_surface(file: h5py.File, name: str) -> Surface | None:
    """The sample of points of a side with its depth map; None without one."""
    group, seen = file[name], read_seen(file, name)
    if seen.depth is None:
        return None
    nearest, farthest = seen.valid_depth
    in_range = (seen.depth > nearest) & (seen.depth < farthest)
    points, normals, weights = (
        group[f"surface_{part}"][:] for part in ("points", "normals", "weights")
    )
    return Surface(points, normals, weights, np.where(in_range, seen.depth, 0), seen.camera)


def _camera(group: h5py.Group) -> Camera:
    fx, fy, cx, cy = map(float, group.attrs["intrinsics"])
    width, height = map(int, group.attrs["size"])
    return Camera(fx, fy, cx, cy, width, height)


def _array(group: h5py.Group, name: str) -> Any:
    return group[name][:] if name in group else None


def frames_of(pairs: Any) -> list[tuple[str, str, int]]:
    """(side, scene, frame) of all that a table of pairs needs, each once, in a fixed order."""
    rows = pairs[["scene", "query", "target"]].itertuples(index=False)
    found = {
        (side, scene, int(frame))
        for scene, query, target in rows
        for side, frame in (("query", query), ("target", target))
    }
    return sorted(found)


def check_some(file: h5py.File, wanted: int) -> None:
    """That not every frame has a problem.

    Raises:
        UserError: with the first one's sentence, if all have.
    """
    sentences: list[str] = []

    def visit(name: str, item: Any) -> None:
        if "problem" in item.attrs:
            sentences.append(str(item.attrs["problem"]))

    file.visititems(visit)
    if sentences and len(sentences) == wanted:
        raise UserError(f"No frame can be used. The first problem: {sentences[0]}")
