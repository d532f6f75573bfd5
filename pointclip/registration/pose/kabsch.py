"""The pose from points matched with points: RANSAC on triples, then refined and verified.

Few matches of a hard pair are right, and some wrong pose often brings as many together. So the best
few distinct hypotheses are all aligned on both depth maps, and judged by how well these and all
key-points agree (`verify.py`), not by the matches that they came from.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from pointclip.registration.align import align
from pointclip.registration.pose.hypotheses import distinct, score, try_triples
from pointclip.registration.pose.rigid import refit
from pointclip.registration.side import Side
from pointclip.registration.verify import worth


# Steps of alignment: (limit in metres, steps). Every candidate makes the coarse ones, on a sample
# of the points; the finalists make the fine ones, on all.
COARSE = ((0.25, 4), (0.15, 4), (0.08, 4))
FINE = ((0.1, 3), (0.05, 5), (0.03, 4))
COARSE_SAMPLE = 300
# Hypotheses that differ by less are aligned as one.
SAME_DEGREES, SAME_METRES = 8.0, 0.2
# A match may be off so many times `distance` in the first refit, and in the second.
REFITS = (2.0, 1.0)

Points = Float[np.ndarray, "match 3"]


def hypotheses(
    source: Points,
    target: Points,
    params: Mapping[str, Any],
    unit: float,
    rng: np.random.Generator,
) -> tuple[Float[np.ndarray, "pose 3 4"], Float[np.ndarray, " pose"]]:
    """Poses from triples of matches, and their scores on all matches."""
    distance = params["distance"] * unit
    poses = try_triples(
        source,
        target,
        rng,
        params["tries"],
        params["hypotheses"],
        tolerance=2 * distance,
        shortest=params["shortest_side"] * unit,
        scale=tuple(params["scale"]) or None,
    )
    return poses, score(source, target, poses, distance)


def ransac(
    source: Points,
    target: Points,
    params: Mapping[str, Any],
    unit: float,
    rng: np.random.Generator,
) -> Float[np.ndarray, "4 4"] | None:
    """The best hypothesis, refitted twice: FreeReg's steps on our hypotheses.

    With bounds of a scale it is fitted too and at last divided out of the rotation; the translation
    stays, as released.
    """
    poses, scores = hypotheses(source, target, params, unit, rng)
    if not len(poses):
        return None
    pose = _whole(poses[int(np.argmax(scores))])
    with_scale = bool(params["scale"])
    for factor in REFITS:
        pose, _ = refit(source, target, pose, factor * params["distance"] * unit, with_scale)
    pose[:3, :3] /= np.cbrt(np.linalg.det(pose[:3, :3]))
    return pose


def verified(
    query: Side,
    target: Side,
    source: Points,
    goal: Points,
    params: Mapping[str, Any],
    unit: float,
    rng: np.random.Generator,
) -> Float[np.ndarray, "4 4"] | None:
    """The hypothesis that, aligned, explains both sides best.

    Args:
        source, goal: the matched points of query and target.

    With bounds of a scale, the query's depth is multiplied by that of the best hypothesis first.
    """
    poses, scores = hypotheses(source, goal, params, unit, rng)
    if not len(poses):
        return None
    if params["scale"]:
        size = float(np.cbrt(np.linalg.det(poses[int(np.argmax(scores)), :, :3])))
        query, source = query.scaled(size), source * size
        poses = poses.copy()
        poses[:, :, :3] /= np.cbrt(np.linalg.det(poses[:, :, :3]))[:, None, None]
        scores = score(source, goal, poses, params["distance"] * unit)
    assert query.surface is not None and target.surface is not None
    centre = source.mean(axis=0)
    best = distinct(poses, scores, centre, params["candidates"], SAME_DEGREES, SAME_METRES * unit)
    limit = REFITS[0] * params["distance"] * unit
    fitted = np.stack([refit(source, goal, _whole(pose), limit)[0][:3] for pose in poses[best]])
    sides = (query.surface, target.surface)
    candidates = align(fitted, *sides, _times(COARSE, unit), COARSE_SAMPLE)
    order = np.argsort(-worth(candidates, query, target, unit), kind="stable")
    finalists = candidates[order[: params["finalists"]]]
    finalists = align(finalists, *sides, _times(FINE, unit), len(query.surface.points))
    return _whole(finalists[int(np.argmax(worth(finalists, query, target, unit)))])


def _times(schedule: Sequence[tuple[float, int]], unit: float) -> list[tuple[float, int]]:
    return [(limit * unit, steps) for limit, steps in schedule]


def _whole(pose: Float[np.ndarray, "3 4"]) -> Float[np.ndarray, "4 4"]:
    return np.vstack([pose, [0, 0, 0, 1]])
