"""The pose from pixels of the photo matched with points of the cloud: perspective-n-point."""

import numpy as np
from jaxtyping import Bool, Float

from pointclip.registration.camera import Camera, inverse
from pointclip.registration.pose.rigid import on_a_line


FEWEST = 4
# As the release calls OpenCV (FREEREG 1.6); it takes no pose from fewer matches.
RELEASED_FEWEST, RELEASED_ITERATIONS, RELEASED_CONFIDENCE = 8, 50_000, 0.999
MOST_ITERATIONS = 10_000

Pose = Float[np.ndarray, "4 4"]
Found = tuple[Pose, Bool[np.ndarray, " match"]] | None


def poselib(
    pixels: Float[np.ndarray, "match 2"],
    points: Float[np.ndarray, "match 3"],
    camera: Camera,
    limit: float,
    seed: int = 0,
) -> Found:
    """The camera's pose among the points by PoseLib: LO-RANSAC on P3P, then refined.

    Args:
        pixels: in the camera's image.
        points: in the target's frame.
        limit: reprojection error of an inlier in pixels.

    Returns:
        The pose that takes points of the camera's frame to the target's, and the inliers; None
        if there is none.
    """
    import poselib as library

    if len(pixels) < FEWEST:
        return None
    model = {
        "model": "PINHOLE",
        "width": camera.width,
        "height": camera.height,
        "params": list(camera.intrinsics),
    }
    options = {"max_reproj_error": limit, "seed": seed, "max_iterations": MOST_ITERATIONS}
    found, info = library.estimate_absolute_pose(pixels, points, model, options, {})
    inlier = np.array(info["inliers"], dtype=bool)
    if inlier.sum() < FEWEST:
        return None
    return _checked(np.asarray(found.Rt), points, inlier)


def opencv(
    pixels: Float[np.ndarray, "match 2"],
    points: Float[np.ndarray, "match 3"],
    camera: Camera,
    limit: float,
) -> Found:
    """The same as the release calls OpenCV; None where the release takes a random pose."""
    import cv2

    if len(pixels) < RELEASED_FEWEST:
        return None
    cv2.setRNGSeed(0)
    good, turn, shift, kept = cv2.solvePnPRansac(
        np.ascontiguousarray(points, dtype=float),
        np.ascontiguousarray(pixels, dtype=float),
        camera.matrix,
        None,
        iterationsCount=RELEASED_ITERATIONS,
        reprojectionError=limit,
        confidence=RELEASED_CONFIDENCE,
        flags=cv2.SOLVEPNP_ITERATIVE,
    )
    if not good or kept is None:
        return None
    inlier = np.zeros(len(pixels), dtype=bool)
    inlier[kept.ravel()] = True
    return _checked(np.hstack([cv2.Rodrigues(turn)[0], shift.reshape(3, 1)]), points, inlier)


def _checked(
    world_to_camera: np.ndarray,
    points: Float[np.ndarray, "match 3"],
    inlier: Bool[np.ndarray, " match"],
) -> Found:
    # Both libraries take a pose from points on a line, about which the camera may turn.
    if not np.isfinite(world_to_camera).all() or on_a_line(points[inlier]):
        return None
    pose = np.eye(4)
    pose[:3] = world_to_camera
    return inverse(pose), inlier
