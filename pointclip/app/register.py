"""Register one photo to one cloud: what `from pointclip import register` and the command call."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Float32, UInt8
from PIL import Image

from pointclip.catalog.registration import FEATURES, SETTINGS, SOLVERS
from pointclip.clouds.load import load_cloud
from pointclip.core.errors import UserError, choose
from pointclip.core.files import printable
from pointclip.data.readers.frames import read_depth, read_photo
from pointclip.registration.camera import Camera, make_camera
from pointclip.registration.densify import densify
from pointclip.registration.describe import Describer
from pointclip.registration.picture import Picture
from pointclip.registration.pose.solve import check_library
from pointclip.registration.prepare import make_keypoints, render_target
from pointclip.registration.register import (
    Registered,
    describe_side,
    pose_in_cloud,
    search,
)
from pointclip.registration.side import Seen, Side
from pointclip.registration.virtual_cameras import virtual_cameras


# Photos are worked on at this width: a cloud has no more points than that shows.
WIDEST = 640
WITHOUT_DEPTH = ("clip_dense", "pnp")
WITH_DEPTH = ("fpfh", "kabsch")


@dataclass(frozen=True)
class Registration:
    """Where a photo was taken in a cloud.

    Attributes:
        pose: takes points of the photo's camera (x right, y down, z ahead) to the cloud's frame:
            its last column is where the camera stands. None if there is none.
        inliers: which matches agree with the pose.
        picture: what the page shows: photo, rendered depth map and matches.
    """

    pose: Float[np.ndarray, "4 4"] | None
    inliers: Bool[np.ndarray, " match"]
    features: str
    solver: str
    camera: Camera
    points: Float[np.ndarray, "point 3"]
    picture: Picture


def register(
    photo: str | Path | UInt8[np.ndarray, "height width 3"],
    cloud: str | Path | Float[np.ndarray, "point 3"],
    intrinsics: Sequence[float | int] | np.ndarray,
    depth: str | Path | Float32[np.ndarray, "row column"] | None = None,
    *,
    features: str | None = None,
    solver: str | None = None,
    cameras: str = "auto",
    up: str = "z",
    depth_unit: float | int = 1000,
    scene: str = "indoor",
    seed: int = 0,
) -> Registration:
    """Find the pose of a photo's camera in a cloud.

    With a depth map of the photo (a sensor's, or that of any network) geometry is matched, which
    works well in rooms. Without one, patch features of the embedded encoder are matched, which was
    at chance wherever we measured it: such a pose is a guess.

    Args:
        photo: a file, or 8-bit RGB.
        cloud: a file, or points in metres.
        intrinsics: fx, fy, cx, cy of the photo, or a 3x3 matrix.
        depth: of the photo, in metres: a 16-bit PNG with `depth_unit` steps a metre, a .npy, or an
            array; 0 where there is none; of the photo's size or in its proportions.
        features: fpfh (with depth; default), clip_dense (without; default), hog.
        solver: kabsch (with depth; default), pnp (without; default), ransac, kabsch_released, kiss.
        cameras: where the cloud is rendered from: `capture` (its origin, for one scan), `around`
            (about in it at eye height, with `up` its axis that points up), or `auto`.
        scene: indoor or driving: what distances are to be expected.

    Raises:
        UserError: if something cannot be read or does not fit.
    """
    entry = SETTINGS[choose(scene, SETTINGS, "kind of scene")]
    default = WITHOUT_DEPTH if depth is None else WITH_DEPTH
    features, solver = features or default[0], solver or default[1]
    describer = Describer(FEATURES[choose(features, FEATURES, "feature entry")], _encoder)
    solve_by = SOLVERS[choose(solver, SOLVERS, "solver")]
    check_library(solve_by)
    seen = _see(photo, intrinsics, depth, depth_unit, entry)
    points = _points(cloud)
    query = describe_side(seen, make_keypoints(seen, "grid"), [describer], [1.0], True)

    def look(camera: Camera) -> Side | None:
        try:
            target = render_target(points, camera, entry)
        except UserError:  # this one looks at nothing
            return None
        return describe_side(target, make_keypoints(target, "grid"), [describer], [1.0], False)

    views = virtual_cameras(points, seen.camera, cameras, up)
    best = search(query, look, views, solve_by, float(entry["unit"]), seed)
    if best is None:
        nearest, farthest = entry["valid_depth"]
        raise UserError(
            f"No virtual camera sees a point of the cloud between {nearest:g} and {farthest:g} m: "
            "is it in metres?"
        )
    picture = _picture(seen, points, best)
    pose = pose_in_cloud(best)
    return Registration(pose, best.solution.inliers, features, solver, seen.camera, points, picture)


def _encoder():
    from pointclip.encoders.encoder import load_encoder

    return load_encoder("iconclip", "cpu")


def _points(cloud) -> Float[np.ndarray, "point 3"]:
    points = np.asarray(cloud if isinstance(cloud, np.ndarray) else load_cloud(cloud), dtype=float)
    if points.ndim != 2 or points.shape[1] != 3:
        raise UserError(f"A cloud has the shape (points, 3), not {points.shape}.")
    return points[np.isfinite(points).all(axis=1)]


def _see(photo, intrinsics, depth, depth_unit, entry) -> Seen:
    """The photo and its depth at the working size."""
    color = photo if isinstance(photo, np.ndarray) else read_photo(photo)
    full = make_camera(intrinsics, color.shape[1], color.shape[0], "the photo")
    width = min(full.width, WIDEST)
    height = max(round(full.height * width / full.width), 1)
    if width < full.width:
        color = np.asarray(Image.fromarray(color).resize((width, height), Image.Resampling.BOX))
    near, far = map(float, entry["valid_depth"])
    limits = (near, far), float(entry["edge_limit"]), float(entry["unit"])
    camera = full.resized(width, height)
    if depth is None:
        return Seen(camera, color, None, *limits)
    is_file = not isinstance(depth, np.ndarray)
    metres = read_depth(depth, depth_unit) if is_file else np.asarray(depth, dtype=np.float32)
    rows, columns = metres.shape
    if abs(rows * full.width / (columns * full.height) - 1) > 0.02:
        name = printable(depth) if is_file else "The depth map"
        raise UserError(
            f"{name} has {columns} x {rows} pixels, which are not the proportions of the photo's "
            f"{full.width} x {full.height}."
        )
    # The nearest pixel: a mean of depths would put points between two surfaces.
    row = ((np.arange(height) + 0.5) * rows / height).astype(int)
    column = ((np.arange(width) + 0.5) * columns / width).astype(int)
    filled = densify(metres[row[:, None], column], entry["densify"])
    return Seen(camera, color, filled, *limits)


def _picture(seen: Seen, points: np.ndarray, found: Registered) -> Picture:
    target = found.target
    assert seen.color is not None and target.surface is not None
    matches, camera = found.matches, target.keypoints.camera
    return Picture(
        "photo and cloud",
        seen.color,
        seen.camera,
        target.surface.depth,
        points,
        found.query.keypoints.uv[matches[:, 0]],
        target.keypoints.uv[matches[:, 1]],
        found.solution.inliers,
        None,
        None if found.solution.pose is None else camera.pose @ found.solution.pose,
        None,
    )
