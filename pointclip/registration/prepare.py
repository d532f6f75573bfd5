"""From a scene's files to what the cameras of a pair see: photo and depth on one pixel grid.

The target is a cloud: the points of the target frame's depth map. It is rendered by a virtual
camera at the capture pose and filled, as FreeReg does it; its photo is never read.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float, Float32

from pointclip.core.errors import UserError
from pointclip.data.readers.frames import Scene, read_depth, read_matrix, read_photo
from pointclip.registration.camera import Camera, make_camera
from pointclip.registration.densify import densify
from pointclip.registration.depth_error import with_error
from pointclip.registration.depth_map import points_of
from pointclip.registration.keypoints import Keypoints, choose_keypoints, lift_keypoints
from pointclip.registration.render import render
from pointclip.registration.side import Seen


Depth = Float32[np.ndarray, "height width"]


def see_query(
    scene: Scene, frame: int, entry: Mapping[str, Any], estimated: Depth | None = None
) -> Seen:
    """The photo of a frame, with depth for its pixels if the entry gives any.

    Args:
        entry: a set of pairs with all its settings (`config/resolve.py`). `query_depth` is
            `sensor`, `none`, or a file below the scene with `{id}` in its name: metres in a .npy,
            steps of `depth_unit` in a .png, at the photo's pixels.
        estimated: depth by a network, in metres, in place of all these; it has no holes to fill.

    Raises:
        UserError: if a file is missing or damaged, sizes differ, or intrinsics are not the image's.
    """
    color = read_photo(scene.photo(frame))
    camera = photo_camera(scene, entry, color.shape[1], color.shape[0])
    source = entry["query_depth"]
    if source == "none":
        return _seen(camera, color, None, entry)
    scale, smooth = map(float, entry["query_depth_error"])
    if estimated is not None:
        _same_size(estimated, camera, "The estimated depth")
        return _seen(camera, color, with_error(estimated, scale, smooth, seed=frame), entry)
    if source == "sensor":
        depth = sensor_depth(scene, frame, entry, camera)
    else:
        depth = read_depth(scene.folder / source.format(id=frame), entry["depth_unit"])
        _same_size(depth, camera, f"The depth map {source.format(id=frame)}")
    depth = with_error(depth, scale, smooth, seed=frame)
    return _seen(camera, color, densify(depth, entry["densify"]), entry)


def see_target(scene: Scene, frame: int, entry: Mapping[str, Any]) -> Seen:
    """A frame's cloud as its own depth camera would see it.

    Raises:
        UserError: as `see_query`.
    """
    points, camera = scan(scene, frame, entry)
    return render_target(points, camera, entry)


def render_target(
    points: Float[np.ndarray, "point 3"], camera: Camera, entry: Mapping[str, Any]
) -> Seen:
    """A cloud as a virtual camera sees it: rendered and filled; no photo.

    Raises:
        UserError: if the camera sees no point within the valid range.
    """
    depth, _ = render(points, camera)
    filled = densify(depth.astype(np.float32), entry["densify"])
    nearest, farthest = entry["valid_depth"]
    if not ((depth > nearest) & (depth < farthest)).any():
        raise UserError(
            f"The virtual camera sees no point of the cloud between {nearest:g} and {farthest:g} m."
        )
    return _seen(camera, None, filled, entry)


def scan(
    scene: Scene, frame: int, entry: Mapping[str, Any]
) -> tuple[Float[np.ndarray, "point 3"], Camera]:
    """The points of a frame's depth map in its camera's frame, and that camera.

    Raises:
        UserError: as `see_query`.
    """
    depth = read_depth(scene.file(f"{frame}.depth.png"), entry["depth_unit"])
    camera = depth_camera(scene, entry, depth.shape[1], depth.shape[0])
    return points_of(depth, camera, depth > 0), camera


def sensor_depth(scene: Scene, frame: int, entry: Mapping[str, Any], camera: Camera) -> Depth:
    """A frame's depth map at the photo's pixels: as it is if both cameras are the same, else
    rendered by the photo's camera (both stand in one place, as FreeReg's data have it)."""
    depth = read_depth(scene.file(f"{frame}.depth.png"), entry["depth_unit"])
    own = depth_camera(scene, entry, depth.shape[1], depth.shape[0])
    if own == camera:
        return depth
    if not _given(scene, entry):
        _same_size(depth, camera, f"The depth map {frame}.depth.png")
    return render(points_of(depth, own, depth > 0), camera)[0].astype(np.float32)


def true_depth(
    scene: Scene, frame: int, entry: Mapping[str, Any], side: str, camera: Camera
) -> Depth:
    """Depth to judge matches by: `{id}.color.gtd.png` or `{id}.depth.gtd.png`, else the sensor's,
    filled. For scores alone.

    Raises:
        UserError: as `see_query`.
    """
    given = scene.file(f"{frame}.{'color' if side == 'query' else 'depth'}.gtd.png")
    if given.is_file():
        depth = read_depth(given, entry["depth_unit"])
    elif side == "query":
        depth = sensor_depth(scene, frame, entry, camera)
    else:
        depth = read_depth(scene.file(f"{frame}.depth.png"), entry["depth_unit"])
    _same_size(depth, camera, f"The true depth of frame {frame}")
    return densify(depth, entry["densify"])


def make_keypoints(seen: Seen, choice: str | int, seed: int = 0) -> Keypoints:
    """The key-points of one side and their points.

    Args:
        choice: `grid` for FreeReg's, or how many random pixels.
    """
    camera = seen.camera
    uv = choose_keypoints(camera.width, camera.height, choice, seed)
    if seen.depth is None:
        points = np.full((len(uv), 3), np.nan)
    else:
        points = lift_keypoints(uv, seen.depth, camera, *seen.valid_depth)
    return Keypoints(uv, points, camera)


def photo_camera(scene: Scene, entry: Mapping[str, Any], width: int, height: int) -> Camera:
    """The photo's camera: the entry's intrinsics, else `K.txt`.

    Raises:
        UserError: if there are none, or they do not fit the image.
    """
    given: Any = entry["intrinsics"] or _matrix(scene, "K.txt")
    if given is None:
        raise UserError(
            f"The scene '{scene.name}' has no intrinsics: give 'intrinsics: [fx, fy, cx, cy]', "
            f"or a file K.txt beside {scene.folder / 'query'}."
        )
    return make_camera(given, width, height, f"the photos of '{scene.name}'")


def depth_camera(scene: Scene, entry: Mapping[str, Any], width: int, height: int) -> Camera:
    """The depth camera: the entry's `depth_intrinsics`, else `K_depth.txt`, else the photo's."""
    given = _given(scene, entry)
    if given is None:
        return photo_camera(scene, entry, width, height)
    return make_camera(given, width, height, f"the depth maps of '{scene.name}'")


def _seen(camera: Camera, color: Any, depth: Depth | None, entry: Mapping[str, Any]) -> Seen:
    nearest, farthest = map(float, entry["valid_depth"])
    limits = (nearest, farthest), float(entry["edge_limit"]), float(entry["unit"])
    return Seen(camera, color, depth, *limits)


def _given(scene: Scene, entry: Mapping[str, Any]) -> Any:
    """Intrinsics of the depth camera, if it has its own."""
    return entry["depth_intrinsics"] or _matrix(scene, "K_depth.txt")


def _matrix(scene: Scene, name: str) -> Float[np.ndarray, "3 3"] | None:
    path = scene.folder / name
    return read_matrix(path, 3, 3) if path.is_file() else None


def _same_size(depth: Depth, camera: Camera, what: str) -> None:
    height, width = depth.shape
    if (width, height) != (camera.width, camera.height):
        raise UserError(
            f"{what} has {width} x {height} pixels, but its photo {camera.width} x "
            f"{camera.height}: give depth_intrinsics if the cameras differ."
        )
