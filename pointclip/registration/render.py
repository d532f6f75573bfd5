"""Render a cloud as the depth map that a pinhole camera would see: the nearest point per pixel.

The kernel for CPUs and torch's for GPUs give the same bits: depths are compared in float64, and of
equal depths the point that comes first in the cloud wins.
"""

import math

import numpy as np
from jaxtyping import Float, Float64, Int64

from pointclip.core.errors import choose
from pointclip.core.jit import compiled
from pointclip.registration.camera import Camera, inverse


# Nearest depth that is rendered, in metres, as in the release.
NEAREST = 0.05
ROUNDINGS = ("nearest", "released")
Images = tuple[Float64[np.ndarray, "height width"], Int64[np.ndarray, "height width"]]


def render(
    points: Float[np.ndarray, "point 3"],
    camera: Camera,
    rounding: str = "nearest",
    device: str = "cpu",
) -> Images:
    """Depth in metres (0 where nothing is seen) and the index of the point (-1) at each pixel.

    Args:
        points: in the world that `camera.pose` leads to.
        rounding: `nearest` puts a point into the pixel whose centre is nearest, so that a lifted
            depth map comes back as it was; `released` cuts off decimals of u and v after a
            division by z + 1e-5, which moves nearly every such pixel up and left by one.
        device: `cpu`, or a torch device.

    Raises:
        UserError: if there is no such rounding.
    """
    choose(rounding, ROUNDINGS, "rounding")
    world_to_camera = inverse(camera.pose)
    released = rounding == "released"
    if device == "cpu":
        points = np.ascontiguousarray(points, dtype=np.float64)
        size = (camera.height, camera.width)
        depth = np.full(size, np.inf)
        index = np.full(size, -1, dtype=np.int64)
        _render(points, world_to_camera, np.array(camera.intrinsics), released, depth, index)
        depth[index < 0] = 0
        return depth, index
    return _render_torch(points, camera, world_to_camera, released, device)


def _render_torch(points, camera, pose, released, device) -> Images:
    import torch

    moved = torch.as_tensor(points, dtype=torch.float64, device=device)
    world_to_camera = torch.as_tensor(pose, device=device)
    x, y, z = moved.unbind(-1)
    # Term by term, in the order of the kernel, so that not a bit differs.
    a, b, c = (row[0] * x + row[1] * y + row[2] * z + row[3] for row in world_to_camera[:3])
    fx, fy, cx, cy = camera.intrinsics
    if released:
        u, v = (fx * a + cx * c) / (c + 1e-5), (fy * b + cy * c) / (c + 1e-5)
    else:
        u, v = a / c * fx + cx + 0.5, b / c * fy + cy + 0.5
    inside = (u >= 0) & (v >= 0) & (u < camera.width) & (v < camera.height) & (c > NEAREST)
    seen = torch.nonzero(inside).squeeze(1)
    pixel = v[seen].long() * camera.width + u[seen].long()
    pixels = camera.height * camera.width
    depth = torch.full((pixels,), math.inf, dtype=torch.float64, device=device)
    depth.scatter_reduce_(0, pixel, c[seen], "amin")
    first = c[seen] == depth[pixel]
    index = torch.full((pixels,), len(points), dtype=torch.int64, device=device)
    index.scatter_reduce_(0, pixel[first], seen[first], "amin")
    empty = index == len(points)
    depth[empty], index[empty] = 0, -1
    size = (camera.height, camera.width)
    return depth.reshape(size).cpu().numpy(), index.reshape(size).cpu().numpy()


@compiled
def _render(points, pose, intrinsics, released, depth, index):
    height, width = depth.shape
    fx, fy, cx, cy = intrinsics
    for n in range(len(points)):
        x, y, z = points[n]
        a = pose[0, 0] * x + pose[0, 1] * y + pose[0, 2] * z + pose[0, 3]
        b = pose[1, 0] * x + pose[1, 1] * y + pose[1, 2] * z + pose[1, 3]
        c = pose[2, 0] * x + pose[2, 1] * y + pose[2, 2] * z + pose[2, 3]
        if not c > NEAREST:  # also a number that is none
            continue
        if released:
            u = (fx * a + cx * c) / (c + 1e-5)
            v = (fy * b + cy * c) / (c + 1e-5)
        else:
            u = a / c * fx + cx + 0.5
            v = b / c * fy + cy + 0.5
        if not (u >= 0.0 and v >= 0.0 and u < width and v < height):
            continue
        row, column = int(v), int(u)
        if c < depth[row, column]:
            depth[row, column] = c
            index[row, column] = n
