"""Where virtual cameras stand that render a cloud: at its capture pose, or about in it.

FreeReg renders a cloud from where it was captured, which is the origin of a single scan's frame. A
cloud that was put together from many scans has no such place: then cameras stand where a person
could, and the one whose pose explains the photo best is taken (`register.search`).
"""

from itertools import product

import numpy as np
from jaxtyping import Bool, Float
from scipy.spatial import cKDTree

from pointclip.core.errors import UserError, choose
from pointclip.registration.camera import Camera
from pointclip.registration.render import render
from pointclip.registration.surface import thin


KINDS = ("auto", "capture", "around")
# A cloud of which the camera at the origin sees at least this share is taken for one scan.
SEEN_SHARE = 0.5
# One that sees this share is tried beside those around.
WORTH_A_LOOK = 0.1
# Cameras around stand so high over the floor and look down by so many degrees, as a person who
# takes a photo does; in lower clouds, at this share of the height. All lengths are in metres.
EYE, EYE_SHARE, DOWN = 1.6, 0.6, 20.0
# Places on a grid, farther apart in large clouds; none nearer to a point than CLEAR.
STEP, PLACES, CLEAR = 0.7, 150, 0.3
TURNS = 12
# From each place and direction a small image counts the points that are seen no farther away.
IMAGE_WIDTH, VOXEL, FARTHEST = 64, 0.1, 5.0
# At most so many points take part: a large cloud is thinned further.
POINTS = 20_000
# So many cameras are kept, each adding at least this share of the cloud.
CAMERAS, ADDED = 24, 0.004
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
        kind: `capture` is the origin, looking along +z; `around` are cameras at a person's height
            that together see the cloud; `auto` decides by what the first one sees.
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
    return cameras + around(points, camera, np.array(UPS[up], dtype=float))


def around(
    points: Float[np.ndarray, "point 3"], camera: Camera, up: Float[np.ndarray, "3"]
) -> list[Camera]:
    """Cameras that together see a cloud: each is the one that sees most of what the others do not.

    A point counts as seen when two cameras see it, so that views overlap.
    """
    voxel = VOXEL
    while len(cloud := thin(points, voxel)) > POINTS:
        voxel *= 1.5
    size = IMAGE_WIDTH, max(round(camera.height * IMAGE_WIDTH / camera.width), 1)
    small, poses = camera.resized(*size), _poses(cloud, up)
    seen = np.zeros((len(poses), len(cloud)), dtype=bool)
    for row, pose in zip(seen, poses, strict=True):
        depth, index = render(cloud, small.at(pose))
        row[index[(index >= 0) & (depth < FARTHEST)]] = True
    missing, chosen = np.full(len(cloud), 2), list[int]()
    while len(chosen) < CAMERAS:
        added = np.count_nonzero(seen[:, missing > 0], axis=1)
        added[chosen] = 0
        best = int(added.argmax())
        if chosen and added[best] < ADDED * len(cloud):
            break
        chosen.append(best)
        missing -= seen[best]
    return [camera.at(poses[index]) for index in chosen]


def _poses(
    cloud: Float[np.ndarray, "point 3"], up: Float[np.ndarray, "3"]
) -> list[Float[np.ndarray, "4 4"]]:
    """Every direction from every free place at eye height."""
    side = np.eye(3)[(np.argmax(np.abs(up)) + 1) % 3]
    front = np.cross(up, side)
    floor, top = np.quantile(cloud @ up, (0.02, 0.98))
    eye = floor + min(EYE, EYE_SHARE * (top - floor))
    flat = cloud @ np.stack([side, front], axis=1)
    low, high = np.quantile(flat, (0.02, 0.98), axis=0)
    step = max(STEP, np.sqrt(np.prod(high - low) / PLACES))
    ticks = [
        np.arange(a + step / 2, max(b, a + step), step) for a, b in zip(low, high, strict=True)
    ]
    places = np.array([x * side + y * front + eye * up for x, y in product(*ticks)])
    free = cKDTree(cloud).query(places)[0] > CLEAR
    poses, lowered = [], np.radians(DOWN)
    for place, turn in product(places[free] if free.any() else places, range(TURNS)):
        angle = 2 * np.pi * turn / TURNS
        level = np.cos(angle) * side + np.sin(angle) * front
        ahead = np.cos(lowered) * level - np.sin(lowered) * up
        down = -np.cos(lowered) * up - np.sin(lowered) * level
        pose = np.eye(4)
        # Columns are the camera's right, down and ahead.
        pose[:3] = np.stack([np.cross(down, ahead), down, ahead, place], axis=1)
        poses.append(pose)
    return poses


def sees(points: Float[np.ndarray, "point 3"], camera: Camera) -> Bool[np.ndarray, " point"]:
    """Which points a camera at the origin has in its image."""
    ahead = points[:, 2] > 0
    z = np.where(ahead, points[:, 2], 1)
    u = points[:, 0] / z * camera.fx + camera.cx
    v = points[:, 1] / z * camera.fy + camera.cy
    return ahead & (u >= 0) & (u < camera.width) & (v >= 0) & (v < camera.height)
