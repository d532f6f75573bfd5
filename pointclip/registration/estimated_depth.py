"""Depth of photos by a network, a map for every query of a set of pairs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float32

from pointclip.core.job import progress
from pointclip.core.store import new_h5
from pointclip.data.readers.frames import find_scenes, read_photo
from pointclip.registration.prepare import photo_camera
from pointclip.registration.side_file import (
    check_frame,
    check_some,
    frames_of,
    group_name,
    problem_told,
    write_array,
)


def write_estimated_depth(
    pairs: pd.DataFrame, entry: Mapping[str, Any], network: Any, path: str | Path
) -> None:
    """Metric depth of every query's photo, in metres at the photo's pixels.

    The photo's known focal length is told to a network that makes use of it (Depth Pro).

    Args:
        network: a `dense.metric_depth.DepthNetwork`.

    Raises:
        UserError: if no photo at all can be used.
    """
    scenes = {scene.name: scene for scene in find_scenes(entry["path"])}
    wanted = [(scene, frame) for side, scene, frame in frames_of(pairs) if side == "query"]
    with new_h5(path, kind=network.kind) as file:
        for scene, frame in progress(wanted, len(wanted), unit="frame"):
            name = group_name("query", scene, frame)
            with problem_told(file, name):
                photo = read_photo(scenes[scene].photo(frame))
                camera = photo_camera(scenes[scene], entry, photo.shape[1], photo.shape[0])
                estimate = network.estimate(photo, camera.fx)
                write_array(file.create_group(name), "depth", estimate.depth)
        check_some(file, len(wanted))


def read_depth_of(file: Any, name: str) -> Float32[np.ndarray, "height width"]:
    """The depth of one photo.

    Raises:
        UserError: if it could not be estimated.
    """
    check_frame(file, name)
    return file[name]["depth"][:]
