"""Fast point feature histograms (Rusu et al., ICRA 2009): how normals turn around each point.

As Open3D computes them: 11 bins for each of three angles between a point and its neighbours (SPFH),
then the neighbours' histograms added, weighted by the inverse squared distance.
"""

import numpy as np
from jaxtyping import Float
from scipy.spatial import cKDTree

from pointclip.core.jit import compiled


BINS = 11


def fpfh(
    points: Float[np.ndarray, "point 3"],
    normals: Float[np.ndarray, "point 3"],
    radius: float,
    neighbours: int = 100,
) -> Float[np.ndarray, "point channel"]:
    """33 channels a point; zeros for a point with no neighbour.

    Args:
        normals: of unit length, all turned to the same side.
        radius: of the neighbourhood, in metres.
        neighbours: the nearest so many within `radius`, the point itself included.
    """
    if len(points) < 2:
        return np.zeros((len(points), 3 * BINS))
    neighbours = min(neighbours, len(points))
    distance, index = cKDTree(points).query(points, neighbours, distance_upper_bound=radius)
    count = np.isfinite(distance).sum(axis=1)
    points, normals = (np.ascontiguousarray(x, dtype=float) for x in (points, normals))
    return _fpfh(points, normals, distance, index, count)


@compiled
def _fpfh(points, normals, distance, index, count):
    n_points = len(points)
    simple = np.zeros((n_points, 33))
    for i in range(n_points):
        if count[i] < 2:
            continue
        share = 100.0 / (count[i] - 1)
        for k in range(1, count[i]):
            j = index[i, k]
            dx = points[j, 0] - points[i, 0]
            dy = points[j, 1] - points[i, 1]
            dz = points[j, 2] - points[i, 2]
            length = np.sqrt(dx * dx + dy * dy + dz * dz)
            first, second, third = 0.0, 0.0, 0.0
            if length > 0:
                a, b = i, j
                at_i = (normals[i, 0] * dx + normals[i, 1] * dy + normals[i, 2] * dz) / length
                at_j = (normals[j, 0] * dx + normals[j, 1] * dy + normals[j, 2] * dz) / length
                third = at_i
                if abs(at_i) < abs(at_j):  # the one whose normal lies nearer the line leads
                    a, b = j, i
                    dx, dy, dz = -dx, -dy, -dz
                    third = -at_j
                ax, ay, az = normals[a]
                bx, by, bz = normals[b]
                vx = dy * az - dz * ay
                vy = dz * ax - dx * az
                vz = dx * ay - dy * ax
                across = np.sqrt(vx * vx + vy * vy + vz * vz)
                if across > 0:
                    vx, vy, vz = vx / across, vy / across, vz / across
                    wx = ay * vz - az * vy
                    wy = az * vx - ax * vz
                    wz = ax * vy - ay * vx
                    second = vx * bx + vy * by + vz * bz
                    first = np.arctan2(wx * bx + wy * by + wz * bz, ax * bx + ay * by + az * bz)
                else:
                    third = 0.0
            h = int(np.floor(11 * (first + np.pi) / (2 * np.pi)))
            simple[i, min(max(h, 0), 10)] += share
            h = int(np.floor(11 * (second + 1) * 0.5))
            simple[i, 11 + min(max(h, 0), 10)] += share
            h = int(np.floor(11 * (third + 1) * 0.5))
            simple[i, 22 + min(max(h, 0), 10)] += share
    result = np.zeros((n_points, 33))
    for i in range(n_points):
        for k in range(1, count[i]):
            j = index[i, k]
            squared = distance[i, k] ** 2
            if squared == 0:
                continue
            for c in range(33):
                result[i, c] += simple[j, c] / squared
        for part in range(3):
            total = 0.0
            for c in range(11 * part, 11 * part + 11):
                total += result[i, c]
            if total > 0:
                for c in range(11 * part, 11 * part + 11):
                    result[i, c] *= 100.0 / total
        for c in range(33):
            result[i, c] += simple[i, c]
    return result
