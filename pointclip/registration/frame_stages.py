"""The stages of the DAG that depend on a frame alone: what cameras see, the truth, features.

Frames are read and described once each, however many pairs they are in. The truth goes into a file
of its own, which the score alone reads.
"""

import hashlib
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pandas as pd

from pointclip.core.errors import UserError
from pointclip.core.job import progress
from pointclip.core.store import new_h5, open_h5
from pointclip.data.readers.frames import find_scenes
from pointclip.registration.describe import Describer
from pointclip.registration.estimated_depth import read_depth_of
from pointclip.registration.pairs import list_pairs, missing_scenes, read_pose
from pointclip.registration.prepare import (
    make_keypoints,
    see_query,
    see_target,
    true_depth,
)
from pointclip.registration.side import surface_of
from pointclip.registration.side_file import (
    check_frame,
    check_some,
    frames_of,
    group_name,
    problem_told,
    read_keypoints,
    read_seen,
    write_array,
    write_side,
)


Entry = Mapping[str, Any]


def table_of_pairs(entry: Entry) -> pd.DataFrame:
    """The pairs of all scenes: `pair, scene, query, target, overlap`.

    Raises:
        UserError: if there is no scene (with the terms on which it is had), no list, or no pair.
    """
    if entry["terms"] and not Path(entry["path"]).is_dir():
        raise UserError(missing_scenes(entry))
    pairs = [pair for scene in find_scenes(entry["path"]) for pair in list_pairs(scene, entry)]
    rows = [(p.name, p.scene, p.query, p.target, p.overlap) for p in pairs]
    columns = ["pair", "scene", "query", "target", "overlap"]
    table = pd.DataFrame(rows, columns=columns)
    if (twice := table["pair"].duplicated()).any():
        raise UserError(f"The pair {table['pair'][twice].iloc[0]} is listed twice.")
    return table


def write_frames(
    pairs: pd.DataFrame, entry: Entry, path: str | Path, estimated: str | Path | None = None
) -> None:
    """What every frame's camera sees, as a query or as a target, with its key-points.

    Args:
        estimated: a file of the photos' depth by a network.

    Raises:
        UserError: if no frame at all can be used.
    """
    scenes = {scene.name: scene for scene in find_scenes(entry["path"])}
    wanted = frames_of(pairs)
    with ExitStack() as files:
        depth = files.enter_context(open_h5(estimated)) if estimated else None
        file = files.enter_context(new_h5(path, entry=dict(entry)))
        for side, scene, frame in progress(wanted, len(wanted), unit="frame"):
            name = group_name(side, scene, frame)
            with problem_told(file, name):
                if side == "query":
                    given = None if depth is None else read_depth_of(depth, name)
                    seen = see_query(scenes[scene], frame, entry, given)
                else:
                    seen = see_target(scenes[scene], frame, entry)
                keypoints = make_keypoints(seen, entry["keypoints"], seed=frame)
                write_side(file, name, seen, keypoints, surface_of(seen))
        check_some(file, len(wanted))


def write_truth(pairs: pd.DataFrame, frames: str | Path, entry: Entry, path: str | Path) -> None:
    """True poses and depths of every frame and side. For the score alone."""
    scenes = {scene.name: scene for scene in find_scenes(entry["path"])}
    with open_h5(frames) as seen, new_h5(path, entry=dict(entry)) as file:
        for side, scene, frame in frames_of(pairs):
            name = group_name(side, scene, frame)
            with problem_told(file, name):
                check_frame(seen, name)
                camera = read_keypoints(seen, name).camera
                group = file.create_group(name)
                group["pose"] = read_pose(scenes[scene], frame)
                depth = true_depth(scenes[scene], frame, entry, side, camera)
                write_array(group, "depth", depth)


def write_features(
    pairs: pd.DataFrame,
    frames: str | Path,
    describer: Describer,
    path: str | Path,
) -> None:
    """Features of every frame and side at its key-points, described once each."""
    # Both sides of a frame follow each other: only the last description is kept in memory.
    wanted = sorted(frames_of(pairs), key=lambda frame: (*frame[1:], frame[0]))
    known: dict[str, Any] = {}
    with open_h5(frames) as seen, new_h5(path, features=describer.entry) as file:
        for side, scene, frame in progress(wanted, len(wanted), unit="frame"):
            name = group_name(side, scene, frame)
            with problem_told(file, name):
                check_frame(seen, name)
                features = _describe(describer, seen, name, known)
                write_array(file.create_group(name), "features", features)
        check_some(file, len(wanted))


def _describe(describer: Describer, file: Any, name: str, known: dict[str, Any]) -> Any:
    """One side's features. With a sensor's depth both sides of a frame hold the same depth map:
    geometry is described once."""
    describe = describer.query if name.startswith("query/") else describer.target
    seen, keypoints = read_seen(file, name), read_keypoints(file, name)
    if describer.family != "fpfh" or seen.depth is None:
        return describe(seen, keypoints)
    content = hashlib.sha256(seen.depth.tobytes() + keypoints.uv.tobytes()).hexdigest()
    other = f"{name.split('/', 1)[1]} {content}"
    if other not in known:
        known.clear()
        known[other] = describe(seen, keypoints)
    return known[other]
