"""The drawings of `pointclip.drawing` for CPUs: the same bits, without walking the empty grid.

Every kernel draws the views `start ... stop` of a batch with scratch memory of its own, and lets go
of the interpreter lock, so that plain threads share the work and no result depends on how many.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numba import njit
from torch import Tensor

from pointclip.drawing import gaussian_taps


ONE, TWO = np.float32(1), np.float32(2)


def _compiled(function: Callable) -> Callable:
    try:
        return njit(function, cache=True, nogil=True)
    except RuntimeError:  # no folder to keep compiled code in: compile anew in every process
        return njit(function, nogil=True)


def draw(
    method: str,
    points: Float[Tensor, "cloud point 3"],
    rotations: Float[Tensor, "view 3 3"],
    params: Mapping[str, Any],
) -> Float[Tensor, "cloud view height width"]:
    """Draw with the kernel named `method` on torch's number of threads."""
    p = params
    clouds, views = len(points), len(rotations)
    if method == "perspective":
        side = p["size"]
        kernel, arguments = _perspective, (p["splat"], np.float32(p["distance"]))
    else:
        side = p["grid_size"] - 2 * p["trim"]
        kernel, arguments = _surface, _surface_arguments(p)
    # calloc's zeros cost nothing where nothing is drawn.
    images = np.zeros((clouds * views, side, side), np.float32)
    inputs = (points.detach().contiguous().numpy(), rotations.contiguous().numpy(), images)
    threads = max(1, min(torch.get_num_threads(), clouds * views))
    bounds = np.linspace(0, clouds * views, threads + 1).astype(int).tolist()
    parts = list(pairwise(bounds))
    if threads == 1:
        kernel(*inputs, 0, clouds * views, *arguments)
    else:
        with ThreadPoolExecutor(threads) as pool:
            for done in [pool.submit(kernel, *inputs, *part, *arguments) for part in parts]:
                done.result()
    return torch.from_numpy(images.reshape(clouds, views, side, side))


def _surface_arguments(p: Mapping[str, Any]) -> tuple:
    def taps(width: int, sigma: float) -> np.ndarray:
        return np.array(gaussian_taps(width, sigma)[width // 2 :], np.float32)

    smooth = p["smooth"] == "gaussian"
    return (
        (p["grid_size"], p["grid_depth"], p["densify"] // 2, p["trim"]),
        np.array([p["scale"], p["depth_bias"], 1 + p["depth_bias"]], np.float32),
        taps(p["smooth_size"] if smooth else 1, p["sigma"]),
        taps(p["smooth_depth"] if smooth else 1, p["sigma_depth"]),
    )


@_compiled
def _rotate(points, r, out):
    for n in range(points.shape[0]):
        x, y, z = points[n, 0], points[n, 1], points[n, 2]
        for i in range(3):
            out[i, n] = x * r[i, 0] + y * r[i, 1] + z * r[i, 2]


@_compiled
def _perspective(points, rotations, images, start, stop, splat, distance):
    views, n_points, size = len(rotations), points.shape[1], images.shape[1]
    q = np.empty((3, n_points), np.float32)
    flat = images.reshape(len(images), size * size)
    total = np.zeros(size * size, np.float64)
    count = np.zeros(size * size, np.int64)
    first = np.float32(-0.5 if splat == 1 else -splat / 2)
    for item in range(start, stop):
        _rotate(points[item // views], rotations[item % views], q)
        image = flat[item]
        # Once to gather, once to write and to leave the scratch memory clean.
        for writing in range(2):
            for n in range(n_points):
                z = q[2, n] + distance
                if z < 0:
                    continue
                if z == 0:
                    z = np.float32(1e-12)
                row = (q[0, n] / z + ONE) * np.float32(size) / TWO
                column = (q[1, n] / z + ONE) * np.float32(size) / TWO
                weight = np.float64(ONE / z)
                for i in range(splat):
                    r = np.ceil(row + (first + np.float32(i)))
                    if not (r >= 0 and r < size):
                        continue
                    for j in range(splat):
                        c = np.ceil(column + (first + np.float32(j)))
                        if c >= 0 and c < size:
                            pixel = int(r) * size + int(c)
                            if writing == 0:
                                total[pixel] += weight
                                count[pixel] += 1
                            elif count[pixel] > 0:
                                image[pixel] = np.float32(count[pixel] / total[pixel])
                                total[pixel] = 0
                                count[pixel] = 0


@_compiled
def _surface(points, rotations, images, start, stop, sizes, floats, across, along):
    size, slices, reach, trim = sizes
    views, n_points, side = len(rotations), points.shape[1], images.shape[1]
    scale, bias, span = floats[0], floats[1], floats[2]
    q = np.empty((3, n_points), np.float32)
    # Per slice and row: values, and the columns lo ... hi that are not empty.
    rows = np.zeros((slices, size, size), np.float32)
    row_lo = np.full((slices, size), size, np.int64)
    row_hi = np.zeros((slices, size), np.int64)
    grid = np.zeros((slices, side, side), np.float32)
    lo = np.full((slices, side), side, np.int64)
    hi = np.zeros((slices, side), np.int64)
    line = np.zeros(side, np.float32)
    for item in range(start, stop):
        _rotate(points[item // views], rotations[item % views], q)
        _scatter(q, rows, row_lo, row_hi, scale, bias, span, reach)
        image = images[item]
        for s in range(slices):
            for r in range(side):
                _pool_column(rows[s], row_lo[s], row_hi[s], grid[s], lo[s], hi[s], r, reach, trim)
        for s in range(slices):
            for r in range(size):
                if row_lo[s, r] < row_hi[s, r]:
                    rows[s, r, row_lo[s, r] : row_hi[s, r]] = 0
                row_lo[s, r], row_hi[s, r] = size, 0
        for s in range(slices):
            for r in range(side):
                _blur_row(grid[s], lo[s], hi[s], r, across, line, image[r])
        for s in range(slices):
            for r in range(side):
                if lo[s, r] < hi[s, r]:
                    grid[s, r, lo[s, r] : hi[s, r]] = 0
                lo[s, r], hi[s, r] = side, 0
        _shade(image)


@_compiled
def _scatter(q, rows, row_lo, row_hi, scale, bias, span, reach):
    """Write every point's value into its slice and row, as wide as the pooling window."""
    slices, size = rows.shape[0], rows.shape[1]
    centre = np.empty(3, np.float32)
    longest = np.float32(0)
    for i in range(3):
        low, high = q[i].min(), q[i].max()
        centre[i] = (high + low) / TWO
        longest = max(longest, high - low)
    if not longest > 0:
        longest = ONE
    for n in range(q.shape[1]):
        x = (q[0, n] - centre[0]) / longest * TWO
        y = (q[1, n] - centre[1]) / longest * TWO
        z = (q[2, n] - centre[2]) / longest * TWO
        z = ((z + ONE) / TWO + bias) / span * np.float32(slices - 2)
        row = int(np.ceil((x * scale + ONE) / TWO * np.float32(size)))
        column = int(np.ceil((y * scale + ONE) / TWO * np.float32(size)))
        row = min(max(row, 1), size - 2)
        column = min(max(column, 1), size - 2)
        s = min(max(int(np.ceil(z)), 0), slices - 1)
        value = min(max(z, ONE), np.float32(slices - 2))
        first, last = max(column - reach, 0), min(column + reach + 1, size)
        cells = rows[s, row]
        for c in range(first, last):
            cells[c] = value if value > cells[c] else cells[c]
        row_lo[s, row] = min(row_lo[s, row], first)
        row_hi[s, row] = max(row_hi[s, row], last)


@_compiled
def _pool_column(rows, row_lo, row_hi, grid, lo, hi, r, reach, trim):
    """The maximum over 2·reach+1 rows, for row r of the trimmed grid."""
    size, side = rows.shape[0], grid.shape[0]
    out = grid[r]
    for source in range(max(r + trim - reach, 0), min(r + trim + reach + 1, size)):
        first, last = max(row_lo[source] - trim, 0), min(row_hi[source] - trim, side)
        if first >= last:
            continue
        cells = rows[source, trim:]
        for c in range(first, last):
            out[c] = cells[c] if cells[c] > out[c] else out[c]
        lo[r] = min(lo[r], first)
        hi[r] = max(hi[r], last)


@_compiled
def _blur_row(grid, lo, hi, r, taps, line, out):
    """Blur row r of one slice, and keep in `out` what is larger than the slices before it."""
    side, half = len(out), len(taps) - 1
    first, last = side, 0
    for near in range(max(r - half, 0), min(r + half + 1, side)):
        first, last = min(first, lo[near]), max(last, hi[near])
    if first >= last:
        return
    for c in range(first, last):
        line[c] = grid[r, c] * taps[0]
    for d in range(1, half + 1):
        tap = taps[d]
        if r - d >= 0 and r + d < side:
            for c in range(first, last):
                line[c] += (grid[r - d, c] + grid[r + d, c]) * tap
        else:
            near = r - d if r - d >= 0 else r + d
            if 0 <= near < side:
                for c in range(first, last):
                    line[c] += grid[near, c] * tap
    for c in range(max(first - half, 0), min(last + half, side)):
        value = line[c] * taps[0]
        for d in range(1, half + 1):
            before = line[c - d] if c >= d else np.float32(0)
            after = line[c + d] if c + d < side else np.float32(0)
            value += (before + after) * taps[d]
        if value > out[c]:
            out[c] = value
    line[first:last] = 0


@_compiled
def _shade(image):
    highest = image.max()
    for r in range(image.shape[0]):
        for c in range(image.shape[1]):
            image[r, c] = ONE - image[r, c] / highest
