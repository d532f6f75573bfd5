"""How a view is rendered, in plain torch: the definition, and what runs on a GPU.

Sums are written out in a fixed order and divisors are tensors, so that a shape gives the same bits
whatever the batch, and `pointclip.projection.render_cpu` can give them too on a CPU.
"""

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from pointclip.projection.smoothing import gaussian_taps, sharpness


def rotate(
    points: Float[Tensor, "shape point 3"], rotations: Float[Tensor, "view 3 3"]
) -> tuple[Float[Tensor, "shape view point"], ...]:
    """Each view's x', y', z'."""
    x, y, z = rearrange(points, "shape point xyz -> xyz shape 1 point")
    r = rearrange(rotations, "view row xyz -> row xyz view 1")
    return tuple(x * r[i, 0] + y * r[i, 1] + z * r[i, 2] for i in range(3))


def perspective(
    points: Float[Tensor, "shape point 3"],
    rotations: Float[Tensor, "view 3 3"],
    params: Mapping[str, Any],
) -> Float[Tensor, "shape view height width"]:
    """PointCLIP's rendering: a pinhole camera, raw depth, no occlusion, 0 where nothing is.

    A pixel holds the harmonic mean of the depths that fall into it.
    """
    size, splat = params["size"], params["splat"]
    x, y, z = rotate(points, rotations)
    z = z + params["distance"]
    safe = torch.where(z == 0, torch.full_like(z, 1e-12), z)
    start = -0.5 if splat == 1 else -splat / 2
    row, column = ((t / safe + 1) * size / 2 for t in (x, y))
    # Doubles hold a sum of float32 weights without rounding, so any order of adding is the same.
    total = torch.zeros(*z.shape[:2], size * size, dtype=torch.float64, device=z.device)
    count = torch.zeros_like(total)
    weight = (1 / safe).double()
    for i in range(splat):
        for j in range(splat):
            a, b = (row + (start + i)).ceil(), (column + (start + j)).ceil()
            inside = (a >= 0) & (a < size) & (b >= 0) & (b < size) & (z >= 0)
            pixel = torch.where(inside, a * size + b, 0).long()
            total.scatter_add_(-1, pixel, torch.where(inside, weight, 0))
            count.scatter_add_(-1, pixel, inside.double())
    depth = torch.where(count > 0, count / torch.where(count > 0, total, 1), 0).float()
    return rearrange(depth, "shape view (height width) -> shape view height width", height=size)


def surface(
    points: Float[Tensor, "shape point 3"],
    rotations: Float[Tensor, "view 3 3"],
    params: Mapping[str, Any],
) -> Float[Tensor, "shape view height width"]:
    """PointCLIP V2's rendering: quantise, densify, smooth, squeeze; the nearest is black on white.

    The grid's slices are as many depth bands: what is pooled or blurred never mixes with what
    lies far before or behind it.
    """
    size = params["grid_size"]
    grid = _quantise(points, rotations, params)
    k, kz, trim = params["densify"], params["densify_depth"], params["trim"]
    if k > 1:
        grid = F.max_pool2d(grid, (1, k), 1, (0, k // 2))
        grid = F.max_pool2d(grid, (k, 1), 1, (k // 2, 0))
    if trim:
        grid = grid[:, :, trim : size - trim, trim : size - trim]
    if kz > 1:
        flat = rearrange(grid, "view slice height width -> view slice (height width)")
        grid = F.max_pool2d(flat, (kz, 1), 1, (kz // 2, 0)).view(grid.shape)
    if params["smooth"] == "gaussian":
        image = gaussian(grid, params).amax(1)
    elif params["smooth"] == "bilateral":
        image = bilateral(grid, params)
    else:
        image = grid.amax(1)
    image = 1 - image / image.amax((1, 2), keepdim=True)
    return rearrange(image, "(shape view) h w -> shape view h w", shape=len(points))


def _quantise(
    points: Float[Tensor, "shape point 3"],
    rotations: Float[Tensor, "view 3 3"],
    params: Mapping[str, Any],
) -> Float[Tensor, "shape_view slice height width"]:
    size, slices, bias = params["grid_size"], params["grid_depth"], params["depth_bias"]
    q = torch.stack(rotate(points, rotations))
    high, low = q.amax(-1, keepdim=True), q.amin(-1, keepdim=True)
    centre, longest = (high + low) / 2, (high - low).amax(0)
    # All points in one place: any size will do, as long as it is not zero.
    longest = torch.where(longest > 0, longest, 1)
    x, y, z = (q - centre) / longest * 2.0
    row, column = (((t * params["scale"] + 1) / 2 * size).ceil().clamp(1, size - 2) for t in (x, y))
    z = ((z + 1) / 2 + bias) / torch.tensor(1 + bias, device=z.device) * (slices - 2)
    cell = (z.ceil().clamp(0, slices - 1) * size + row) * size + column
    grid = torch.zeros(*z.shape[:2], slices * size * size, device=z.device)
    grid.scatter_reduce_(-1, cell.long(), z.clamp(1, slices - 2), "amax")
    return rearrange(grid, "shape view (slice h w) -> (shape view) slice h w", slice=slices, h=size)


def gaussian(
    grid: Float[Tensor, "view slice height width"], params: Mapping[str, Any]
) -> Float[Tensor, "view slice height width"]:
    """A separable Gaussian blur: down the rows, along the columns, through the slices."""
    widths = (params["smooth_size"], params["smooth_size"], params["smooth_depth"])
    sigmas = (params["sigma"], params["sigma"], params["sigma_depth"])
    for axis, width, sigma in zip((2, 3, 1), widths, sigmas, strict=True):
        if width == 1:
            continue
        half, length = width // 2, grid.shape[axis]
        pad = [0, 0] * 3
        pad[2 * (3 - axis) : 2 * (3 - axis) + 2] = [half, half]
        padded = F.pad(grid, pad)
        taps = gaussian_taps(width, sigma)
        # Neighbours at the same distance are added first: half the products, one fixed order.
        grid = padded.narrow(axis, half, length) * taps[half]
        for d in range(1, half + 1):
            pair = padded.narrow(axis, half - d, length) + padded.narrow(axis, half + d, length)
            grid = grid + pair * taps[half + d]
    return grid


def bilateral(
    grid: Float[Tensor, "view slice height width"], params: Mapping[str, Any]
) -> Float[Tensor, "view height width"]:
    """An edge-keeping average over the neighbours of the nearest occupied cell of every column.

    Empty cells take no part, so an outline stays where it is. The eighth power of a parabola
    stands in for exp(): it is as smooth, vectorises, and has the same bits on every device.
    """
    half, half_z = params["smooth_size"] // 2, params["smooth_depth"] // 2
    slices, height, width = grid.shape[1:]
    number = torch.arange(1, slices + 1, device=grid.device).view(-1, 1, 1)
    nearest = (number * (grid > 0)).amax(1, keepdim=True)
    front = (nearest - 1).clamp(min=0)
    value = grid.gather(1, front)
    padded = F.pad(grid, [half] * 4 + [half_z] * 2)
    across = gaussian_taps(params["smooth_size"], params["sigma"])
    along = gaussian_taps(params["smooth_depth"], params["sigma_depth"])
    sharp = sharpness(params)
    total, weights = torch.zeros_like(value), torch.zeros_like(value)
    for dz in range(2 * half_z + 1):
        for dy in range(2 * half + 1):
            for dx in range(2 * half + 1):
                window = padded[:, :, dy : dy + height, dx : dx + width]
                tap = window.gather(1, front + dz)
                near = (1 - (tap - value) ** 2 * sharp).clamp(min=0)
                near = near * near
                near = near * near
                weight = near * near * (along[dz] * across[dy] * across[dx]) * (tap > 0)
                total = total + weight * tap
                weights = weights + weight
    return torch.where(nearest > 0, total / weights.clamp(min=1e-30), 0)[:, 0]
