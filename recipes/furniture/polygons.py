"""Polygons into triangles: fans for convex ones, ears for a railing drawn as one notched face."""

import numpy as np


def split_polygons(polygons: np.ndarray) -> np.ndarray:
    """Polygons (F, K, 3) into triangles (F, K - 2, 3, 3) that cover them, concave ones too."""
    count = polygons.shape[1]
    fans = np.stack(
        [polygons[:, [0, corner, corner + 1]] for corner in range(1, count - 1)], axis=1
    )
    if count == 3:
        return fans
    normals = np.cross(fans[:, :, 1] - fans[:, :, 0], fans[:, :, 2] - fans[:, :, 0])
    drawn = np.linalg.norm(normals, axis=2).sum(1)
    true = np.linalg.norm(
        normals.sum(1), axis=1
    )  # signed areas cancel where the fan leaves the polygon
    for face in np.flatnonzero(drawn > 1.001 * true):
        fans[face] = clip_ears(polygons[face])
    return fans


def clip_ears(polygon: np.ndarray) -> np.ndarray:
    """Triangles (K - 2, 3, 3) of a simple polygon (K, 3), by cutting off ear after ear."""
    following = np.roll(polygon, -1, axis=0)
    normal = np.cross(polygon, following).sum(0)  # Newell's: robust against corners in a line
    axis = int(np.abs(normal).argmax())
    flat = np.delete(polygon, axis, axis=1)
    turn = 1 if normal[axis] * (-1 if axis == 1 else 1) > 0 else -1
    left, triangles = list(range(len(polygon))), []
    while len(left) > 3:
        place = _find_ear(flat[left], turn)
        triangles.append([left[place - 1], left[place], left[(place + 1) % len(left)]])
        del left[place]
    return polygon[np.array([*triangles, left])]


def _find_ear(corners: np.ndarray, turn: int) -> int:
    """The first convex corner (of K, 2) whose triangle holds no other; else the most convex."""
    before, after = np.roll(corners, 1, axis=0), np.roll(corners, -1, axis=0)
    areas = turn * _cross(corners - before, after - corners)
    scale = np.ptp(corners, axis=0).max() ** 2
    for place in np.flatnonzero(areas > 1e-9 * scale):
        triangle = np.stack([before[place], corners[place], after[place]])
        edges = np.roll(triangle, -1, axis=0) - triangle
        sides = turn * _cross(edges[None], corners[:, None] - triangle[None])
        # Bridges to holes repeat corners; those touch the ear without lying in it.
        own = (np.abs(corners[:, None] - triangle[None]).max(2) < 1e-9 * scale**0.5).any(1)
        if not ((sides >= -1e-12 * scale).all(1) & ~own).any():
            return int(place)
    flat = np.flatnonzero(
        np.abs(areas) <= 1e-9 * scale
    )  # a corner in a straight line costs no area
    return int(flat[0]) if len(flat) else int(areas.argmax())


def _cross(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """The z of the cross product of plane vectors (..., 2)."""
    return one[..., 0] * two[..., 1] - one[..., 1] * two[..., 0]
