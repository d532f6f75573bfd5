"""What a picture of one pair shows: read from the stages' files and the truth."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Float32, Int, UInt8

from pointclip.registration.camera import Camera
from pointclip.registration.depth_map import points_of, valid_pixels
from pointclip.registration.keypoints import lift_keypoints
from pointclip.registration.metrics import rotation_error, translation_error, true_inliers
from pointclip.registration.pair_stages import names_of
from pointclip.registration.pairs import true_pose
from pointclip.registration.side_file import problem_of, read_keypoints, read_seen


PICTURED = 4  # pairs of a set


@dataclass(frozen=True)
class Picture:
    """A photo, a rendered cloud, their matches, and the pose found (query's camera to target's).

    Attributes:
        right: matches that are inliers by the truth, or None where there is no truth: then
            `inliers` of the pose tell them apart.
        true: the true pose, or None.
    """

    name: str
    photo: UInt8[np.ndarray, "height width 3"]
    photo_camera: Camera
    depth: Float32[np.ndarray, "row column"]
    cloud: Float[np.ndarray, "point 3"]
    query_uv: Int[np.ndarray, "match 2"]
    target_uv: Int[np.ndarray, "match 2"]
    inliers: Bool[np.ndarray, " match"]
    right: Bool[np.ndarray, " match"] | None
    pose: Float[np.ndarray, "4 4"] | None
    true: Float[np.ndarray, "4 4"] | None

    @property
    def caption(self) -> str:
        """The pair's name, its matches, and the errors of the pose."""
        kept = self.inliers if self.right is None else self.right
        words = f"{self.name}: {int(kept.sum())} of {len(kept)} matches are right"
        if self.pose is None:
            return words + ", no pose"
        if self.true is None:
            return words
        turned = rotation_error(self.pose, self.true)
        moved = translation_error(self.pose, self.true)
        return f"{words}, pose off by {turned:.1f}° and {100 * moved:.0f} cm"


def choose_pairs(pairs: pd.DataFrame, number: int = PICTURED) -> pd.DataFrame:
    """So many pairs, evenly over the list."""
    rows = np.linspace(0, len(pairs) - 1, min(number, len(pairs))).round().astype(int)
    return pairs.iloc[np.unique(rows)]


def read_picture(
    row: Any, frames: Any, matches: Any, poses: Any, truth: Any, entry: Mapping[str, Any]
) -> Picture | None:
    """A pair's picture; None if one of its frames has a problem."""
    names = names_of(row)
    if problem_of(frames, names) or "matches" not in matches[row.pair]:
        return None
    seen = [read_seen(frames, name) for name in names]
    keypoints = [read_keypoints(frames, name) for name in names]
    chosen = matches[row.pair]["matches"][:].astype(np.int64)
    query_uv, target_uv = (k.uv[ends] for k, ends in zip(keypoints, chosen.T, strict=True))
    right = true = None
    if not problem_of(truth, names):
        true = true_pose(truth[names[0]]["pose"][:], truth[names[1]]["pose"][:])
        ends = [
            lift_keypoints(uv, truth[name]["depth"][:], k.camera, *entry["valid_depth"])
            for uv, name, k in zip((query_uv, target_uv), names, keypoints, strict=True)
        ]
        right, _ = true_inliers(ends[0], ends[1], true, entry["inlier_distance"])
    group, target = poses[row.pair], seen[1]
    assert seen[0].color is not None and target.depth is not None
    valid = valid_pixels(target.depth, *target.valid_depth, target.edge_limit)
    inliers = group["inliers"][:] if "inliers" in group else np.zeros(len(chosen), dtype=bool)
    return Picture(
        row.pair,
        seen[0].color,
        seen[0].camera,
        np.where(valid_pixels(target.depth, *target.valid_depth), target.depth, 0),
        points_of(target.depth, target.camera, valid),
        query_uv,
        target_uv,
        inliers,
        right,
        group["pose"][:] if "pose" in group else None,
        true,
    )
