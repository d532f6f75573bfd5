"""The points around each centre: all within a radius, or the nearest ones.

Distances are float32, (dx² + dy²) + dz². The releases compute |a|² + |b|² - 2 a·b, whose error of
4e-7 lets a point at the border of a group differ between machines; the difference does not.
"""

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Float, Int
from torch import Tensor

from pointclip.core.jit import compiled


def points_within(
    points: Float[Tensor, "shape point 3"],
    centres: Float[Tensor, "shape group 3"],
    radius: float,
    size: int,
) -> Int[Tensor, "shape group {size}"]:
    """Indices of the first `size` points, by rising index, at most `radius` from each centre.

    The rest of a group with fewer is filled with its first point. A group has at least one if its
    centre is one of the points. Which points a full group holds depends on their order: shuffle a
    cloud that comes in the order of a scan or a file.
    """
    points, centres = points.detach().float(), centres.detach().float()
    limit = float(np.float32(radius**2))
    if points.device.type != "cpu":
        return _within_by_torch(points, centres, limit, size)
    groups = np.empty((*centres.shape[:2], size), np.int64)
    for cloud, middle, group in zip(points.numpy(), centres.numpy(), groups, strict=True):
        _within_by_numba(np.ascontiguousarray(cloud.T), middle, np.float32(limit), group)
    return torch.from_numpy(groups)


def nearest_points(
    points: Float[Tensor, "shape point 3"], centres: Float[Tensor, "shape group 3"], size: int
) -> Int[Tensor, "shape group {size}"]:
    """Indices of the `size` points nearest to each centre; of equally near ones the lowest.

    Their order in a group is not specified.
    """
    points, centres = points.detach().float(), centres.detach().float()
    if points.device.type != "cpu":
        return _nearest_by_torch(points, centres, size)
    groups = np.empty((*centres.shape[:2], size), np.int64)
    for cloud, middle, group in zip(points.numpy(), centres.numpy(), groups, strict=True):
        _nearest_by_numba(np.ascontiguousarray(cloud.T), middle, group)
    return torch.from_numpy(groups)


def take(
    values: Float[Tensor, "shape point channel"], index: Int[Tensor, "shape *group"]
) -> Float[Tensor, "shape *group channel"]:
    """The rows of each shape's values that the index names."""
    shape = torch.arange(len(values), device=values.device)
    return values[shape.view(-1, *[1] * (index.ndim - 1)), index]


@compiled
def _within_by_numba(axes, centres, limit, groups):
    x, y, z = axes[0], axes[1], axes[2]
    size = groups.shape[1]
    for g in range(len(centres)):
        a, b, c = centres[g]
        found = 0
        for k in range(len(x)):
            dx, dy, dz = x[k] - a, y[k] - b, z[k] - c
            if (dx * dx + dy * dy) + dz * dz <= limit:
                groups[g, found] = k
                found += 1
                if found == size:
                    break
        groups[g, found:] = groups[g, 0]


@compiled
def _nearest_by_numba(axes, centres, groups):
    x, y, z = axes[0], axes[1], axes[2]
    points, size = len(x), groups.shape[1]
    distance = np.empty(points, np.float32)
    bits = distance.view(np.int32)
    # The keys of the nearest so far, as a heap: the largest comes first. A key is a distance, whose
    # bits have the order of its value, and then the index.
    heap = np.empty(size, np.int64)
    for g in range(len(centres)):
        a, b, c = centres[g]
        for k in range(points):
            dx, dy, dz = x[k] - a, y[k] - b, z[k] - c
            distance[k] = (dx * dx + dy * dy) + dz * dz
        for k in range(points):
            key = (np.int64(bits[k]) << 32) + k
            if k < size:
                # From the end of the heap upwards.
                place = k
                while place > 0 and heap[(place - 1) // 2] < key:
                    heap[place] = heap[(place - 1) // 2]
                    place = (place - 1) // 2
            elif key < heap[0]:
                # From its start downwards, in place of the farthest.
                place = 0
                while 2 * place + 1 < size:
                    child = 2 * place + 1
                    if child + 1 < size and heap[child + 1] > heap[child]:
                        child += 1
                    if heap[child] <= key:
                        break
                    heap[place] = heap[child]
                    place = child
            else:
                continue
            heap[place] = key
        for k in range(size):
            groups[g, k] = heap[k] & 0xFFFFFFFF


def _squared_distances(
    points: Float[Tensor, "shape point 3"], centres: Float[Tensor, "shape group 3"]
) -> Float[Tensor, "shape group point"]:
    dx, dy, dz = (
        rearrange(p, "shape point -> shape 1 point") - rearrange(c, "shape group -> shape group 1")
        for p, c in zip(points.unbind(-1), centres.unbind(-1), strict=True)
    )
    return (dx * dx + dy * dy) + dz * dz


def _within_by_torch(
    points: Float[Tensor, "shape point 3"],
    centres: Float[Tensor, "shape group 3"],
    limit: float,
    size: int,
) -> Int[Tensor, "shape group {size}"]:
    count = points.shape[1]
    index = torch.arange(count, device=points.device)
    outside = _squared_distances(points, centres) > limit
    index = index.expand(outside.shape).masked_fill(outside, count)
    first = index.topk(min(size, count), largest=False).values
    first = torch.nn.functional.pad(first, (0, size - first.shape[-1]), value=count)
    return first.where(first < count, first[..., :1])


def _nearest_by_torch(
    points: Float[Tensor, "shape point 3"], centres: Float[Tensor, "shape group 3"], size: int
) -> Int[Tensor, "shape group {size}"]:
    # The keys of `_nearest_by_numba`.
    bits = _squared_distances(points, centres).view(torch.int32).to(torch.int64)
    keys = (bits << 32) + torch.arange(points.shape[1], device=points.device)
    return keys.topk(size, largest=False).values & 0xFFFFFFFF
