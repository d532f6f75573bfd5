"""Where virtual cameras stand that render a cloud: at its capture pose, or around in it.

FreeReg renders a cloud from where it was captured, which is the origin of a single scan's frame. A
cloud that was put together from many scans has no such place: then several cameras look around from
its middle, and the one whose pose explains the photo best is taken (`register.best_of`).
"""

import numpy as np
from jaxtyping import Bool, Float

from pointclip.core.errors import UserError, choose
from pointclip.registration.camera import Camera


KINDS = ("auto", "capture", "around")
# A cloud of which the camera at the origin sees at least this share is taken for one scan.
SEEN_SHARE = 0.5
# One that sees this share is tried beside those around.
WORTH_A_LOOK = 0.1
TURNS = 8  # cameras around
# The cloud's axis that points up, as a vector. A scan in its camera's frame has -y up.
UPS = {
    **{"x": (1, 0, 0), "y": (0, 1, 0), "z": (0, 0, 1)},
    **{"-x": (-1, 0, 0), "-y": (0, -1, 0), "-z": (0, 0, -1)},
}


def virtual_cameras(
    points: Float[np.ndarray, "point 3"], camera: Camera, kind: str = "auto", up: str = "z"
) -> list[Camera]:
    """Copies of `camera` with the poses from which to render a cloud.

    Args:
        kind: `capture` is the origin, looking along +z; `around` are `TURNS` cameras in the middle
            of the cloud that look level all around; `auto` decides by what the first one sees.
        up: the axis of the cloud that points up, for `around`.

    Raises:
        UserError: if there is no such kind or axis, or no point.
    """
    choose(kind, KINDS, "kind of virtual camera")
    choose(up, UPS, "up axis")
    if not len(points):
        raise UserError("The cloud has no point.")
    seen = float(sees(points, camera).mean())
    if kind == "capture" or (kind == "auto" and seen >= SEEN_SHARE):
        return [camera.at(np.eye(4))]
    cameras = [camera.at(np.eye(4))] if kind == "auto" and seen >= WORTH_A_LOOK else []
    upright = np.array(UPS[up], dtype=float)
    side = np.eye(3)[(np.argmax(np.abs(upright)) + 1) % 3]
    front = np.cross(upright, side)
    for angle in np.arange(TURNS) * 2 * np.pi / TURNS:
        pose = np.eye(4)
        ahead = np.cos(angle) * side + np.sin(angle) * front
        # Columns are the camera's right, down and ahead.
        pose[:3, :3] = np.stack([np.cross(-upright, ahead), -upright, ahead], axis=1)
        pose[:3, 3] = np.median(points, axis=0)
        cameras.append(camera.at(pose))
    return cameras


def sees(points: Float[np.ndarray, "point 3"], camera: Camera) -> Bool[np.ndarray, " point"]:
    """Which points a camera at the origin has in its image."""
    ahead = points[:, 2] > 0
    z = np.where(ahead, points[:, 2], 1)
    u = points[:, 0] / z * camera.fx + camera.cx
    v = points[:, 1] / z * camera.fy + camera.cy
    return ahead & (u >= 0) & (u < camera.width) & (v >= 0) & (v < camera.height)
