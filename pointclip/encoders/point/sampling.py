"""Farthest point sampling: the centres of the groups that a 3D encoder reads.

The releases sample on GPUs by compiled extensions: `pointnet2_ops` (Uni3D, ULIP-2) starts at point
0, dgl (OpenShape) at a random one. Both keep the squared distance of every point to the chosen ones
in float32 and choose the largest. Here the start is always point 0 and the lowest index wins a tie,
so that a cloud has one result on every device.
"""

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from pointclip.core.jit import compiled


# pointnet2_ops never chooses a point whose squared distance from the origin is at most this.
NEAR_ORIGIN = 1e-3
BLOCK = 1024


def farthest_points(
    points: Float[Tensor, "shape point 3"], count: int, near_origin: float | None = None
) -> Int[Tensor, "shape {count}"]:
    """Indices of `count` points of each shape, in the order in which they are chosen.

    If fewer points are distinct, index 0 is repeated.

    Args:
        near_origin: points whose squared norm is at most this are never chosen (but index 0 is,
            as the start); None leaves out nothing.
    """
    points = points.detach().float()
    if points.device.type != "cpu":
        return _by_torch(points, count, near_origin)
    chosen = np.zeros((len(points), count), np.int64)
    limit = np.float32(-1 if near_origin is None else near_origin)
    for row, cloud in zip(chosen, points.numpy(), strict=True):
        _by_numba(np.ascontiguousarray(cloud.T), limit, row)
    return torch.from_numpy(chosen)


@compiled
def _by_numba(axes, near_origin, chosen):
    x, y, z = axes[0], axes[1], axes[2]
    points = len(x)
    distance = np.empty(points, np.float32)
    for k in range(points):
        # A distance that never becomes larger, and is below that of all others.
        skipped = (x[k] * x[k] + y[k] * y[k]) + z[k] * z[k] <= near_origin
        distance[k] = np.float32(-1) if skipped else np.float32(np.inf)
    # As integers, floats have the same order, and their maximum needs no look for NaN: both inner
    # loops become a few instructions for eight numbers or more. A block stays in the first cache.
    bits = distance.view(np.int32)
    blocks = (points + BLOCK - 1) // BLOCK
    largest = np.empty(blocks, np.int32)
    last = 0
    for i in range(1, len(chosen)):
        a, b, c = x[last], y[last], z[last]
        for block in range(blocks):
            part = slice(block * BLOCK, (block + 1) * BLOCK)
            part_x, part_y, part_z, part_distance = x[part], y[part], z[part], distance[part]
            for k in range(len(part_x)):
                dx, dy, dz = part_x[k] - a, part_y[k] - b, part_z[k] - c
                new = (dx * dx + dy * dy) + dz * dz
                part_distance[k] = new if new < part_distance[k] else part_distance[k]
            part_bits = bits[part]
            most = part_bits[0]
            for k in range(len(part_bits)):
                most = part_bits[k] if part_bits[k] > most else most
            largest[block] = most
        block = largest.argmax()
        last = block * BLOCK
        while bits[last] != largest[block]:
            last += 1
        chosen[i] = last


def _by_torch(
    points: Float[Tensor, "shape point 3"], count: int, near_origin: float | None
) -> Int[Tensor, "shape {count}"]:
    """The same for all shapes at once, in one step a chosen point."""
    x, y, z = points.unbind(-1)
    distance = torch.full_like(x, torch.inf)
    if near_origin is not None:
        distance[(x * x + y * y) + z * z <= near_origin] = -1
    chosen = torch.zeros(len(points), count, dtype=torch.int64, device=points.device)
    for i in range(1, count):
        last = chosen[:, i - 1, None]
        dx, dy, dz = (axis - axis.gather(1, last) for axis in (x, y, z))
        distance = distance.minimum((dx * dx + dy * dy) + dz * dz)
        chosen[:, i] = distance.argmax(1)  # the first of equal ones
    return chosen
