"""KISS-Matcher's solver on given matches (Lim et al., ICRA 2025): graph pruning, then GNC."""

import numpy as np
from jaxtyping import Float

from pointclip.registration.camera import check_pose, transform
from pointclip.registration.pose.rigid import on_a_line


def solve(
    source: Float[np.ndarray, "match 3"], target: Float[np.ndarray, "match 3"], distance: float
) -> Float[np.ndarray, "4 4"] | None:
    """The rigid motion from source to target; None if too few matches agree,
    or those that do lie on a line.

    Args:
        distance: how far a right match may be off, in metres.
    """
    from kiss_matcher import KISSMatcher, KISSMatcherConfig

    if len(source) < 3:
        return None
    matcher = KISSMatcher(KISSMatcherConfig(voxel_size=distance))
    a, b = (np.ascontiguousarray(x, dtype=np.float32) for x in (source, target))
    found = matcher.prune_and_solve(list(a), list(b))
    if not found.valid:
        return None
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = found.rotation, found.translation
    pose = check_pose(pose, "KISS-Matcher's pose")
    near = np.linalg.norm(transform(pose, source) - target, axis=1) < distance
    return None if on_a_line(target[near]) else pose  # the library takes a pose from a line, too
