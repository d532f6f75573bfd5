"""Score rows: one for every pair and way to register it, from poses and the truth."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from pointclip.catalog.registration import IDENTITY
from pointclip.config.registration_entries import depth_name
from pointclip.core.store import open_h5, read_parquet
from pointclip.registration.keypoints import lift_keypoints
from pointclip.registration.metrics import (
    PROTOCOLS,
    judge_matches,
    rotation_error,
    translation_error,
)
from pointclip.registration.pair_stages import names_of
from pointclip.registration.pairs import true_pose
from pointclip.registration.side_file import problem_of, read_keypoints


NO_POSE = {"rotation_error_deg": np.nan, "translation_error_m": np.nan}
NO_MATCHES: dict[str, Any] = {
    **{"matches": 0, "judged": 0, "inlier_ratio": 0.0, "inlier_number": 0},
    **{"released_inlier_ratio": 1.0, "released_inlier_number": 1},
}


def score_pairs(
    pairs: pd.DataFrame,
    frames: Any,
    truth: Any,
    matches: Any,
    poses: Any,
    entry: Mapping[str, Any],
) -> pd.DataFrame:
    """One row a pair: what the matches and the pose are worth.

    Args:
        matches, poses: open files, or None for the identity pose, which has no matches.
        entry: of the set of pairs, for valid depths and the distance of an inlier.
    """
    return pd.DataFrame(
        [_score(row, frames, truth, matches, poses, entry) for row in pairs.itertuples(index=False)]
    )


def _score(
    row: Any, frames: Any, truth: Any, matches: Any, poses: Any, entry: Mapping[str, Any]
) -> dict[str, Any]:
    names = names_of(row)
    known = {name: getattr(row, name) for name in ("pair", "scene", "query", "target", "overlap")}
    nothing = dict.fromkeys(NO_MATCHES, np.nan)  # the identity pose comes from no match at all
    if sentence := problem_of(truth, names):
        about = nothing if poses is None else NO_MATCHES
        return {**known, **about, **NO_POSE, "seconds": np.nan, "problem": sentence}
    true = true_pose(truth[names[0]]["pose"][:], truth[names[1]]["pose"][:])
    if poses is None:
        errors = _errors(np.eye(4), true)
        return {**known, **nothing, **errors, "seconds": 0.0, "problem": ""}
    about = _about_matches(names, frames, truth, matches[row.pair], true, entry)
    group = poses[row.pair]
    seconds = matches[row.pair].attrs.get("seconds", np.nan) + group.attrs.get("seconds", np.nan)
    errors = _errors(group["pose"][:], true) if "pose" in group else NO_POSE
    problem = str(group.attrs.get("problem", ""))
    return {**known, **about, **errors, "seconds": seconds, "problem": problem}


def _errors(pose: np.ndarray, true: np.ndarray) -> dict[str, float]:
    return {
        "rotation_error_deg": rotation_error(pose, true),
        "translation_error_m": translation_error(pose, true),
    }


def _about_matches(
    names: tuple[str, str],
    frames: Any,
    truth: Any,
    group: Any,
    true: np.ndarray,
    entry: Mapping[str, Any],
) -> dict[str, Any]:
    if "matches" not in group:
        return NO_MATCHES
    chosen, ends = group["matches"][:].astype(np.int64), []
    for name, column in zip(names, chosen.T, strict=True):
        keypoints, depth = read_keypoints(frames, name), truth[name]["depth"][:]
        uv = keypoints.uv[column]
        ends.append(lift_keypoints(uv, depth, keypoints.camera, *entry["valid_depth"]))
    distance = entry["inlier_distance"]
    query, target = ends
    plain, released = (
        judge_matches(query, target, true, protocol, distance) for protocol in PROTOCOLS
    )
    return {
        "matches": len(chosen),
        "judged": plain.judged,
        "inlier_ratio": plain.inlier_ratio,
        "inlier_number": plain.inlier_number,
        "released_inlier_ratio": released.inlier_ratio,
        "released_inlier_number": released.inlier_number,
    }


def score_runs(
    runs: Sequence[Mapping[str, str]],
    files: Any,
    entries: Mapping[str, Mapping[str, Any]],
    with_identity: bool = True,
) -> pd.DataFrame:
    """The score rows of registrations; those of the identity pose come first for each set of pairs.

    Args:
        files: has lists of paths by kind: `pairs`, `frames`, `truth` (one a set of pairs) and
            `matches`, `poses` (one a registration, each path once), all in the order of `runs`.
        entries: sets of pairs with all their settings.
    """
    sets = list(dict.fromkeys(run["pairs"] for run in runs))
    matched = list(dict.fromkeys((run["pairs"], run["features"]) for run in runs))
    matches = dict(zip(matched, files.matches, strict=True))
    rows = []
    for index, name in enumerate(sets):
        entry, pairs = entries[name], read_parquet(files.pairs[index])
        about = {"pairs": name, "query_depth": depth_name(entry)}
        with open_h5(files.frames[index]) as frames, open_h5(files.truth[index]) as truth:
            if with_identity:
                identity = score_pairs(pairs, frames, truth, None, None, entry)
                rows.append(identity.assign(**about, features=IDENTITY, solver=IDENTITY))
            for run, path in zip(runs, files.poses, strict=True):
                if run["pairs"] != name:
                    continue
                found = matches[name, run["features"]]
                with open_h5(found) as its_matches, open_h5(path) as poses:
                    scored = score_pairs(pairs, frames, truth, its_matches, poses, entry)
                ways = {key: run[key] for key in ("features", "solver")}
                rows.append(scored.assign(**about, **ways))
    return pd.concat(rows, ignore_index=True)
