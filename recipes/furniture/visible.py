"""Which points of a surface can be seen from outside: exact ray casting, by direction."""

import numpy as np
from numba import njit


TILES = 96  # per side: the rays of a tile meet only the triangles whose box reaches into it
NEARER = 1e-4  # of the size: what lies closer before a point is the point's own surface


def far_directions() -> np.ndarray:
    """42 directions, even over the sphere: the corners of an icosahedron and its edges' middles."""
    golden = (1 + 5**0.5) / 2
    corners = np.array([[0, a, b * golden] for a in (-1, 1) for b in (-1, 1)])
    corners = np.concatenate([np.roll(corners, shift, axis=1) for shift in range(3)])
    pairs = [(i, j) for i in range(12) for j in range(i)]
    edges = [(i, j) for i, j in pairs if np.linalg.norm(corners[i] - corners[j]) < 2.1]
    middles = np.array([(corners[i] + corners[j]) / 2 for i, j in edges])
    directions = np.concatenate([corners, middles])
    return directions / np.linalg.norm(directions, axis=1, keepdims=True)


def visible(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Whether each point (N, 3) on the triangles (T, 3, 3) is seen from some far direction (N,)."""
    low, high = triangles.min((0, 1)), triangles.max((0, 1))
    size = float((high - low).max())
    points, triangles = (points - low) / size, (triangles - low) / size
    seen = np.zeros(len(points), bool)
    for index, direction in enumerate(far_directions()):
        axes = _axes(direction + 1e-3 * np.array([1.0, 2.0, 3.0]) / (index + 1))
        _mark_seen(points @ axes.T, triangles @ axes.T, seen)
    return seen


def _axes(direction: np.ndarray) -> np.ndarray:
    """A rotation whose third row is the direction."""
    third = direction / np.linalg.norm(direction)
    first = np.cross(third, np.eye(3)[np.abs(third).argmin()])
    first /= np.linalg.norm(first)
    return np.stack([first, np.cross(third, first), third])


@njit
def _mark_seen(points, triangles, seen):
    """Set `seen` where no triangle lies before the point, seen along +z."""
    low_x, low_y = triangles[:, :, 0].min(), triangles[:, :, 1].min()
    step = max(triangles[:, :, 0].max() - low_x, triangles[:, :, 1].max() - low_y) / TILES + 1e-12
    boxes = np.empty((len(triangles), 4), np.int64)
    starts = np.zeros(TILES * TILES + 1, np.int64)
    for t in range(len(triangles)):
        boxes[t, 0] = min(int((triangles[t, :, 0].min() - low_x) / step), TILES - 1)
        boxes[t, 1] = min(int((triangles[t, :, 0].max() - low_x) / step), TILES - 1)
        boxes[t, 2] = min(int((triangles[t, :, 1].min() - low_y) / step), TILES - 1)
        boxes[t, 3] = min(int((triangles[t, :, 1].max() - low_y) / step), TILES - 1)
        for i in range(boxes[t, 0], boxes[t, 1] + 1):
            for j in range(boxes[t, 2], boxes[t, 3] + 1):
                starts[i * TILES + j + 1] += 1
    starts = np.cumsum(starts)
    members = np.empty(starts[-1], np.int64)
    filled = starts.copy()
    for t in range(len(triangles)):
        for i in range(boxes[t, 0], boxes[t, 1] + 1):
            for j in range(boxes[t, 2], boxes[t, 3] + 1):
                members[filled[i * TILES + j]] = t
                filled[i * TILES + j] += 1
    for n in range(len(points)):
        if seen[n]:
            continue
        x, y, z = points[n]
        i = min(max(int((x - low_x) / step), 0), TILES - 1)
        j = min(max(int((y - low_y) / step), 0), TILES - 1)
        hidden = False
        for k in range(starts[i * TILES + j], starts[i * TILES + j + 1]):
            a, b, c = triangles[members[k]]
            whole = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
            if whole == 0:
                continue
            v = ((x - a[0]) * (c[1] - a[1]) - (y - a[1]) * (c[0] - a[0])) / whole
            w = ((b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0])) / whole
            if v < 0 or w < 0 or v + w > 1:
                continue
            if a[2] + v * (b[2] - a[2]) + w * (c[2] - a[2]) > z + NEARER:
                hidden = True
                break
        seen[n] = not hidden
