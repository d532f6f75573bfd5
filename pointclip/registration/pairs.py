"""Which frames are registered with which, and the true pose of a pair."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from pointclip.core.errors import UserError
from pointclip.data.readers.frames import Scene, read_matrix, read_pair_list
from pointclip.registration.camera import check_pose, inverse


@dataclass(frozen=True)
class Pair:
    """A photo (frame `query`) and a cloud (frame `target`'s depth map) of one scene."""

    scene: str
    query: int
    target: int
    overlap: float

    @property
    def name(self) -> str:
        """What the pair is called in files and figures."""
        return f"{self.scene}/{self.query}-{self.target}"


def list_pairs(scene: Scene, entry: Mapping[str, Any]) -> list[Pair]:
    """The pairs of a scene: of a list, of a sequence, or by overlap.

    Args:
        entry: `list` names a file in or beside `query`; else `gaps` pairs a frame with the ones so
            many further on (the last frames, as far back as the largest gap and one more, begin
            none, as in FreeReg's KITTI pairs); else all rows of `overlap.txt` above `overlap`.

    Raises:
        UserError: if the list is missing or damaged, or no pair is left.
    """
    if entry["list"]:
        files = [scene.file(entry["list"]), scene.folder / entry["list"]]
        file = next((path for path in files if path.is_file()), files[0])
        pairs = [Pair(scene.name, *row) for row in read_pair_list(file)]
    elif entry["gaps"]:
        first = scene.ids[: max(len(scene.ids) - max(entry["gaps"]) - 1, 0)]
        pairs = [
            Pair(scene.name, one, scene.ids[index + gap], float("nan"))
            for index, one in enumerate(first)
            for gap in entry["gaps"]
        ]
    else:
        rows = read_pair_list(scene.file("overlap.txt"))
        pairs = [Pair(scene.name, *row) for row in rows if row[2] > entry["overlap"]]
    if not pairs:
        raise UserError(
            f"The scene '{scene.name}' has no pair: "
            + ("too few frames for these gaps." if entry["gaps"] else
               f"no overlap above {entry['overlap']:g} in overlap.txt.")
        )  # fmt: skip
    return pairs


def missing_scenes(entry: Mapping[str, Any]) -> str:
    """The sentence that says where a set's files go."""
    place = entry.get("place", entry["path"])
    offline = " and nothing answers at its URLs" if entry["urls"] else ""
    return f"The folder {place} is missing{offline}: put the scenes there ({entry['terms']})."


def read_pose(scene: Scene, frame: int) -> Float[np.ndarray, "4 4"]:
    """Where a frame's camera was: camera to world.

    Raises:
        UserError: if the file is missing or holds no rigid motion.
    """
    path = scene.file(f"{frame}_pose.txt")
    return check_pose(read_matrix(path, 4, 4), f"The pose in {path}")


def true_pose(
    query: Float[np.ndarray, "4 4"], target: Float[np.ndarray, "4 4"]
) -> Float[np.ndarray, "4 4"]:
    """The motion that takes points of the query's camera to the target's camera."""
    return inverse(target) @ query
