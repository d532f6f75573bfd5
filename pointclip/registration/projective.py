"""Kernels over all points and many poses at once: where points land in the other side's image.

Forward, a point of the query is taken by the pose to the target's image. Backward, a point of the
target is taken by the inverse pose to the query's image.
"""

import numpy as np

from pointclip.core.jit import compiled


# Nearest depth in metres at which a point can be seen.
NEAREST = 0.05


@compiled
def _land(x, y, z, p, backward, fx, fy, cx, cy, cells, height, width):
    """The point taken by the pose `p`, and the row and column of the cell that it lands in.

    A pixel has `cells` cells along its side, `height` and `width` count them; the row is -1 where
    none sees the point.
    """
    if backward:
        dx, dy, dz = x - p[0, 3], y - p[1, 3], z - p[2, 3]
        a = p[0, 0] * dx + p[1, 0] * dy + p[2, 0] * dz
        b = p[0, 1] * dx + p[1, 1] * dy + p[2, 1] * dz
        c = p[0, 2] * dx + p[1, 2] * dy + p[2, 2] * dz
    else:
        a = p[0, 0] * x + p[0, 1] * y + p[0, 2] * z + p[0, 3]
        b = p[1, 0] * x + p[1, 1] * y + p[1, 2] * z + p[1, 3]
        c = p[2, 0] * x + p[2, 1] * y + p[2, 2] * z + p[2, 3]
    if c < NEAREST:
        return a, b, c, -1, -1
    u = (a / c * fx + cx + 0.5) * cells
    v = (b / c * fy + cy + 0.5) * cells
    if not (u >= 0.0 and v >= 0.0 and u < width and v < height):
        return a, b, c, -1, -1
    return a, b, c, int(v), int(u)


@compiled
def accumulate(
    points, normals, poses, depth, intrinsics, limit, backward, hessian, gradient, partners
):
    """Add what each point says about a Gauss-Newton step of each pose (`align.align`)."""
    # Forward, p is taken by the pose and meets q of the map. Backward, p is the target's own, is
    # taken by the inverse pose and meets q of the query's map, which the pose then takes to p. In
    # both cases the step turns and shifts, in the target's frame, what comes from the query.
    height, width = depth.shape
    fx, fy, cx, cy = intrinsics
    row = np.empty(6)
    for k in range(len(poses)):
        p = poses[k]
        for n in range(len(points)):
            x, y, z = points[n, 0], points[n, 1], points[n, 2]
            nx, ny, nz = normals[n, 0], normals[n, 1], normals[n, 2]
            a, b, c, line, column = _land(x, y, z, p, backward, fx, fy, cx, cy, 1.0, height, width)
            if line < 0:
                continue
            d = depth[line, column]
            if not d > 0:
                continue
            qx, qy, qz = (column - cx) / fx * d, (line - cy) / fy * d, 1.0 * d
            squared = (a - qx) ** 2 + (b - qy) ** 2 + (c - qz) ** 2
            if squared > limit * limit:
                continue
            if backward:
                # (mx, my, mz) comes from the query and moves; the plane stands in the target.
                mx = p[0, 0] * qx + p[0, 1] * qy + p[0, 2] * qz + p[0, 3]
                my = p[1, 0] * qx + p[1, 1] * qy + p[1, 2] * qz + p[1, 3]
                mz = p[2, 0] * qx + p[2, 1] * qy + p[2, 2] * qz + p[2, 3]
                ox, oy, oz = nx, ny, nz
                residual = (mx - x) * ox + (my - y) * oy + (mz - z) * oz
            else:
                mx, my, mz = a, b, c
                ox = p[0, 0] * nx + p[0, 1] * ny + p[0, 2] * nz
                oy = p[1, 0] * nx + p[1, 1] * ny + p[1, 2] * nz
                oz = p[2, 0] * nx + p[2, 1] * ny + p[2, 2] * nz
                residual = (mx - qx) * ox + (my - qy) * oy + (mz - qz) * oz
            row[0], row[1], row[2] = my * oz - mz * oy, mz * ox - mx * oz, mx * oy - my * ox
            row[3], row[4], row[5] = ox, oy, oz
            weight = (1 - squared / (limit * limit)) ** 2
            for i in range(6):
                for j in range(6):
                    hessian[k, i, j] += weight * row[i] * row[j]
                gradient[k, i] -= weight * row[i] * residual
            partners[k] += 1


@compiled
def meet(
    points, others, features, other_features, about, about_other, poses, lookup, cells, intrinsics,
    limit, backward, sums,
):  # fmt: skip
    """Add how alike the key-points are that each pose brings together (`verify.likeness`)."""
    height, width = lookup.shape
    fx, fy, cx, cy = intrinsics
    for k in range(len(poses)):
        for n in range(len(points)):
            x, y, z = points[n, 0], points[n, 1], points[n, 2]
            if not z > 0:
                continue
            a, b, c, line, column = _land(
                x, y, z, poses[k], backward, fx, fy, cx, cy, cells, height, width
            )
            if line < 0:
                continue
            m = lookup[line, column]
            if m < 0 or not others[m, 2] > 0:
                continue
            apart = (a - others[m, 0]) ** 2 + (b - others[m, 1]) ** 2 + (c - others[m, 2]) ** 2
            if apart < limit * limit:
                away = 0.0
                for i in range(features.shape[1]):
                    away += (features[n, i] - other_features[m, i]) ** 2
                away = np.sqrt(away)
                one = (about[n, 0] - away) / about[n, 1]
                other = (about_other[m, 0] - away) / about_other[m, 1]
                sums[k] += 0.5 * (one + other)


@compiled
def agree(points, weights, poses, depth, intrinsics, limit, reference, backward, counts):
    """Add the points that land on, before and behind the other surface (`verify.agreement`)."""
    height, width = depth.shape
    fx, fy, cx, cy = intrinsics
    for k in range(len(poses)):
        for n in range(len(points)):
            x, y, z = points[n, 0], points[n, 1], points[n, 2]
            _, _, c, line, column = _land(
                x, y, z, poses[k], backward, fx, fy, cx, cy, 1.0, height, width
            )
            if line < 0:
                continue
            d = depth[line, column]
            if not d > 0:
                continue
            apart = (c - d) / (limit * max(1.0, c / reference))
            if apart * apart < 1:
                counts[k, 0] += weights[n] * (1 - apart * apart)
            elif apart < 0:
                counts[k, 1] += weights[n]
            else:
                counts[k, 2] += weights[n]
