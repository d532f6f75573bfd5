"""Small made scenes for tests of registration: a corner of a room with some boxes, seen twice."""

from pathlib import Path

import numpy as np
from PIL import Image

from pointclip.registration.camera import Camera, inverse, lift, pixel_grid


CAMERA = Camera(120.0, 120.0, 79.5, 59.5, 160, 120)
# The room and boxes in it by centre and half size, in metres; nothing lies symmetrically.
ROOM = ((0.15, -0.25, 2.4), (1.85, 1.65, 2.6))
BOXES = [
    ((-0.9, 0.9, 3.2), (0.3, 0.6, 0.3)),
    ((0.7, 1.1, 2.6), (0.4, 0.4, 0.25)),
    ((0.2, 0.2, 4.6), (0.5, 0.25, 0.3)),
    ((1.5, -0.3, 3.9), (0.25, 0.7, 0.4)),
    ((-1.3, -1.2, 4.2), (0.4, 0.5, 0.8)),
    ((0.9, -1.5, 3.2), (0.5, 0.3, 0.4)),
    ((-0.3, 1.2, 4.3), (0.2, 0.2, 0.6)),
]


def pose(degrees: float = 0.0, shift: tuple[float, float, float] = (0, 0, 0)) -> np.ndarray:
    """A camera turned about the upright axis, and moved."""
    a = np.radians(degrees)
    matrix = np.eye(4)
    matrix[0, 0] = matrix[2, 2] = np.cos(a)
    matrix[0, 2], matrix[2, 0] = np.sin(a), -np.sin(a)
    matrix[:3, 3] = shift
    return matrix


def depth_of(camera: Camera) -> np.ndarray:
    """The depth map of the room from `camera.pose`, by tracing every pixel's ray."""
    rays = lift(pixel_grid(camera), np.ones((camera.height, camera.width)), camera)
    rays = rays @ camera.pose[:3, :3].T
    origin = camera.pose[:3, 3]
    with np.errstate(divide="ignore"):
        near = np.full(rays.shape[:2], np.inf)
        for centre, half in [ROOM, *BOXES]:
            low = (np.array(centre) - half - origin) / rays
            high = (np.array(centre) + half - origin) / rays
            enter = np.minimum(low, high).max(axis=-1)
            leave = np.maximum(low, high).min(axis=-1)
            hit = (
                leave if half == ROOM[1] else np.where((enter < leave) & (enter > 0), enter, np.inf)
            )
            near = np.minimum(near, hit)
    return near.astype(np.float32)


def write_scene(folder: Path, poses: list[np.ndarray], overlap: float = 0.8) -> Path:
    """A scene in FreeReg's layout; frame i is seen from poses[i]; all pairs overlap as said."""
    query = folder / "query"
    query.mkdir(parents=True)
    np.savetxt(folder / "K.txt", CAMERA.matrix)
    for i, where in enumerate(poses):
        depth = depth_of(CAMERA.at(where))
        Image.fromarray((depth * 1000).round().astype(np.uint16)).save(query / f"{i}.depth.png")
        shade = np.clip(255 / np.maximum(depth, 1), 0, 255).astype(np.uint8)
        Image.fromarray(np.stack([shade] * 3, axis=-1)).save(query / f"{i}.color.png")
        np.savetxt(query / f"{i}_pose.txt", where)
    ids = range(len(poses))
    lines = [f"{i} {j} {overlap}" for i in ids for j in ids if i != j]
    (query / "overlap.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def true_motion(query: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The motion from the query's camera to the target's."""
    return inverse(target) @ query
