"""Icons as point clouds seen from a few sides, drawn as PointCLIP V2 and v1 draw shapes; and icons
as ink.

An icon is given thickness (a slab, or a cushion by its distance transform), its parts often lie at
different depths and slant, 1,024 points are drawn on it, turned by a view angle, scaled to the
raster and splatted: max-pooled depth dark on white (V2), or bare dots on black (v1). No 3D shape is
involved: all that is known of shape is the icon.
Everything is batched; the cost is a few per cent of a step.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from einops import rearrange, repeat
from torch import Tensor


class Drawings(NamedTuple):
    """A batch of drawings: ink in 0..1, depth inside the outline in pixels, numbers of parts."""

    ink: Tensor  # (B, 64, 64) float
    depth: Tensor  # (B, 64, 64) float
    parts: Tensor  # (B, 64, 64) uint8


def uniform(count: int, low: float, high: float, generator: torch.Generator) -> Tensor:
    """`count` numbers between low and high."""
    return low + (high - low) * torch.rand(count, generator=generator)


def draw_points(icons: Drawings, points: int, generator: torch.Generator) -> Tensor:
    """(B, points, 3) on a batch of icons, x right, y up, z towards the viewer.

    Points fall on the filled outline and on the ink in a random proportion; ink is raised or sunk
    against the rest, and so are whole parts, as a seat lies before its back.
    """
    ink, depth, parts = icons
    batch, side, _ = ink.shape
    filled = (depth > 0).float()
    share = torch.rand(batch, 1, 1, generator=generator)
    share = torch.where(
        share < 0.3, 0.0, torch.where(share > 0.6, 1.0, share)
    )  # ink only, fill only, or both
    density = rearrange(share * filled + (1 - share) * ink + 1e-6 * filled, "b h w -> b (h w)")
    steps = torch.cumsum(density, 1)
    draws = torch.rand(batch, points, generator=generator) * steps[:, -1:]
    cell = torch.searchsorted(steps, draws).clamp(max=side * side - 1)
    row = (cell // side).float() + torch.rand(batch, points, generator=generator) - 0.5
    column = (cell % side).float() + torch.rand(batch, points, generator=generator) - 0.5
    x = (column - (side - 1) / 2) / (side / 2)
    y = -(row - (side - 1) / 2) / (side / 2)

    deep = rearrange(depth, "b h w -> b (h w)")
    inside = deep.gather(1, cell) / deep.amax(1, keepdim=True).clamp(min=1.0)
    inked = rearrange(ink, "b h w -> b (h w)").gather(1, cell)
    thickness = torch.rand(batch, 1, generator=generator) ** 2 * 0.6 + 0.03
    cushion = torch.rand(batch, 1, generator=generator)
    half = thickness * ((1 - cushion) + cushion * inside.clamp(min=0).sqrt())
    spot = torch.rand(batch, points, generator=generator)
    # Two thirds of the points on the front and back faces, one third through the body: the sides.
    z = half * torch.where(spot < 0.33, -1.0, torch.where(spot < 0.67, 1.0, (spot - 0.67) * 6 - 1))
    relief = 0.25 * torch.randn(batch, 1, generator=generator) * (inked - 0.5)

    part = rearrange(parts, "b h w -> b (h w)").gather(1, cell).long()
    layered = (torch.rand(batch, 1, generator=generator) - 0.3).clamp(min=0) / 0.7  # 3 of 10 flat
    offset, across, along = layered * torch.randn(3, batch, 256, generator=generator)
    slant = 0.15 * across.gather(1, part) * x + 0.3 * along.gather(1, part) * y
    return torch.stack([x, y, z + relief + 0.25 * offset.gather(1, part) + slant], -1)


def rotations(batch: int, generator: torch.Generator) -> Tensor:
    """(B, 3, 3): yaw around 0 or around +-45 degrees, some pitch, little roll; mirrored half of the
    time; sheared a bit."""
    kind = torch.rand(batch, generator=generator)
    yaw = 0.15 * torch.randn(batch, generator=generator)
    yaw = yaw + torch.where(kind < 0.17, -math.pi / 4, torch.where(kind < 0.34, math.pi / 4, 0.0))
    pitch = uniform(batch, -0.05, 0.43, generator)
    roll = 0.06 * torch.randn(batch, generator=generator)
    turned = torch.rand(batch, generator=generator) < 0.04
    roll = torch.where(turned, uniform(batch, -math.pi, math.pi, generator), roll)
    zero, one = torch.zeros(batch), torch.ones(batch)

    def matrix(*entries: Tensor) -> Tensor:
        return rearrange(torch.stack(entries, -1), "b (i j) -> b i j", i=3)

    about_y = matrix(yaw.cos(), zero, yaw.sin(), zero, one, zero, -yaw.sin(), zero, yaw.cos())
    about_x = matrix(
        one, zero, zero, zero, pitch.cos(), -pitch.sin(), zero, pitch.sin(), pitch.cos()
    )
    about_z = matrix(roll.cos(), -roll.sin(), zero, roll.sin(), roll.cos(), zero, zero, zero, one)
    mirror = torch.where(torch.rand(batch, generator=generator) < 0.5, -1.0, 1.0)
    stretch = torch.exp(0.12 * torch.randn(batch, generator=generator))
    shear = 0.05 * torch.randn(batch, generator=generator)
    shape = matrix(mirror * stretch, shear, zero, zero, one / stretch, zero, zero, zero, one)
    return about_z @ about_x @ about_y @ shape


def splat(points: Tensor, raster: int, generator: torch.Generator) -> Tensor:
    """(B, P, 3) -> (B, R, R): the greatest z in 1/levels..1 of each cell, 0 where nothing is.
    Levels as V2's grid has."""
    batch = len(points)
    low, high = points.amin(1, keepdim=True), points.amax(1, keepdim=True)
    size = (high - low).amax(2, keepdim=True).clamp(min=1e-3)
    unit = (points - (low + high) / 2) / size  # -0.5 .. 0.5 along the longest side
    scale = rearrange(uniform(batch, 0.68, 0.84, generator), "b -> b 1 1")
    shift = 0.02 * torch.randn(batch, 1, 2, generator=generator)
    plane = ((unit[..., :2] * scale + shift + 0.5) * raster).long().clamp(0, raster - 1)
    levels = rearrange(torch.randint(5, 9, (batch,), generator=generator).float(), "b -> b 1")
    flat = rearrange(
        uniform(batch, 1.0, 2.0, generator), "b -> b 1"
    )  # a thin thing keeps some of its gradient
    near = (unit[..., 2] * flat + 0.5).clamp(0, 1)
    value = (near * (levels - 1)).ceil().clamp(min=1) / (levels - 1)
    smooth = rearrange(torch.rand(batch, generator=generator) < 0.4, "b -> b 1")
    value = torch.where(smooth, 0.15 + 0.85 * near, value)
    cell = (raster - 1 - plane[..., 1]) * raster + plane[..., 0]
    empty = torch.zeros(batch, raster * raster)
    return rearrange(empty.scatter_reduce(1, cell, value, "amax"), "b (h w) -> b h w", h=raster)


def box_blur(pictures: Tensor, size: int = 3) -> Tensor:
    """Mean over size x size; V2's Gaussian of sigma 3 in a 3x3 window is nearly that."""
    return F.avg_pool2d(pictures.unsqueeze(1), size, 1, size // 2, count_include_pad=True).squeeze(
        1
    )


def thicken(pictures: Tensor, size: int) -> Tensor:
    """Max-pool, one axis after the other."""
    before, after = (size - 1) // 2, size - 1 - (size - 1) // 2
    padded = F.pad(pictures.unsqueeze(1), (before, after, before, after))
    return F.max_pool2d(F.max_pool2d(padded, (size, 1), 1), (1, size), 1).squeeze(1)


def depth_maps(icons: Drawings, side: int, generator: torch.Generator) -> Tensor:
    """V2-like pictures (B, side, side), dark on white; one in ten inverted."""
    points = draw_points(icons, 1024, generator) @ rearrange(
        rotations(len(icons.ink), generator), "b i j -> b j i"
    )
    # V2 thickens by 7 of 112 cells and smooths by 3; then its map is shrunk by area, as here.
    size = round(2 * side * float(uniform(1, 5.5, 8.0, generator)) / 112)
    drawn = thicken(splat(points, 2 * side, generator), max(size, 1))
    if torch.rand((), generator=generator) < 0.5:
        drawn = box_blur(drawn)
    drawn = F.avg_pool2d(drawn.unsqueeze(1), 2).squeeze(1)
    drawn = drawn / drawn.amax((1, 2), keepdim=True).clamp(min=1e-3)
    bright = rearrange(torch.rand(len(icons.ink), generator=generator) < 0.1, "b -> b 1 1")
    return torch.where(bright, drawn, 1 - drawn)


def sparse_maps(icons: Drawings, side: int, generator: torch.Generator) -> Tensor:
    """v1-like pictures: dots on black whose value is the raw distance to the camera, shrunk by
    area."""
    points = draw_points(icons, 1024, generator) @ rearrange(
        rotations(len(icons.ink), generator), "b i j -> b j i"
    )
    raster = 2 * side if torch.rand((), generator=generator) < 0.6 else 4 * side
    drawn = splat(points, raster, generator)
    middle = rearrange(uniform(len(icons.ink), 1.2, 1.8, generator), "b -> b 1 1")
    drawn = (drawn > 0) * (middle + 1.2 * (0.5 - drawn))  # far is brighter, as released
    if torch.rand((), generator=generator) < 0.3:
        drawn = thicken(drawn, 2)
    return F.avg_pool2d(drawn.unsqueeze(1), raster // side).squeeze(1)


def ink_maps(icons: Drawings, side: int, generator: torch.Generator) -> Tensor:
    """The drawing itself under a random affine map, in both polarities, sometimes filled and shaded
    by a ramp."""
    ink, depth, _ = icons
    batch = len(ink)
    turn = rotations(batch, generator)[:, :2, :2]
    scale = rearrange(uniform(batch, 1.0, 1.6, generator), "b -> b 1 1")
    frame = torch.cat([turn * scale, 0.1 * torch.randn(batch, 2, 1, generator=generator)], -1)
    grid = F.affine_grid(frame, (batch, 2, side, side), align_corners=False)
    filled = (depth / 6).clamp(max=1.0) ** 0.5
    drawn = F.grid_sample(torch.stack([ink, filled], 1), grid, align_corners=False)
    mix = rearrange(torch.rand(batch, generator=generator).round(decimals=1), "b -> b 1 1").clamp(
        max=0.7
    )
    ramp = (grid * torch.randn(batch, 1, 1, 2, generator=generator)).sum(-1).sigmoid() * 0.6 + 0.4
    picture = (1 - mix) * drawn[:, 0] + mix * drawn[:, 1] * ramp
    dark = rearrange(torch.rand(batch, generator=generator) < 0.6, "b -> b 1 1")
    return torch.where(dark, 1 - picture, picture)


def drawings(planes: Iterable[Tensor]) -> Drawings:
    """A batch of the stored uint8 planes."""
    ink, depth, parts = planes
    return Drawings(ink.float() / 255, depth.float() / 4, parts)


def pictures(
    planes: Sequence[Tensor], side: int, generator: torch.Generator, shares: tuple[float, float]
) -> Tensor:
    """A training batch (B, 3, side, side) from uint8 planes: shares = (V2-like, v1-like), the rest
    as ink."""
    first = round(len(planes[0]) * shares[0])
    second = first + round(len(planes[0]) * shares[1])
    ways = (
        (depth_maps, slice(first)),
        (sparse_maps, slice(first, second)),
        (ink_maps, slice(second, None)),
    )
    drawn = [
        draw(drawings(plane[rows] for plane in planes), side, generator) for draw, rows in ways
    ]
    return repeat(torch.cat(drawn), "b h w -> b c h w", c=3).contiguous(
        memory_format=torch.channels_last
    )
