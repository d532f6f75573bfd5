"""The renderers of `render_torch` for CPUs: the same bits, without walking the empty grid.

A kernel draws the images `start ... stop` of a batch with scratch memory of its own and without the
interpreter's lock: plain threads share the work, and no image depends on how many there are.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
from jaxtyping import Float

from pointclip.core.jit import compiled
from pointclip.projection.surface_cpu import surface, surface_arguments


ZERO, ONE, TWO, TINY = (np.float32(x) for x in (0, 1, 2, 1e-12))
# Of IEEE 754: bits of a float32 (its sign where float16 has it, all but its sign, the least that is
# normal in float16, what the exponents differ by), of rounding, and of float16's infinity.
SIGN, REST, NORMAL, BIAS, NEARLY_HALF, INFINITE = (
    np.uint32(x) for x in (0x8000, 0x7FFFFFFF, 0x38800000, 0x38000000, 0xFFF, 0x7C00)
)
DROPPED, HALF_WORD, ODD = (np.uint32(x) for x in (13, 16, 1))
SUBNORMAL = np.float32(2**24)
# Turns per thread, so that one on a busy core does not keep the others waiting.
TURNS = 4


def draw(
    method: str,
    points: Float[np.ndarray, "cloud point 3"],
    rotations: Float[np.ndarray, "view 3 3"],
    params: Mapping[str, Any],
    threads: int = 1,
) -> Float[np.ndarray, "cloud view height width"]:
    """Draw with the kernel named `method`."""
    if method == "perspective":
        side = params["size"]
        kernel, arguments = perspective, (params["splat"], np.float32(params["distance"]))
    else:
        side = params["grid_size"] - 2 * params["trim"]
        kernel, arguments = surface, surface_arguments(params)
    clouds, views = len(points), len(rotations)
    # Zeros from calloc cost nothing where nothing is drawn.
    images = np.zeros((clouds * views, side, side), np.float32)
    inputs = (np.ascontiguousarray(points), rotations, images)
    if threads == 1 or len(images) < 2:
        kernel(*inputs, 0, len(images), *arguments)
    else:
        turns = min(TURNS * threads, len(images))
        bounds = [len(images) * k // turns for k in range(turns + 1)]
        with ThreadPoolExecutor(threads) as pool:
            for turn in [pool.submit(kernel, *inputs, *b, *arguments) for b in pairwise(bounds)]:
                turn.result()
    return images.reshape(clouds, views, side, side)


def to_half(images: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """`images.astype(np.float16)` to the bit, four times as fast; they hold no NaN."""
    flat = np.ascontiguousarray(images).reshape(-1)
    half = np.empty(len(flat), np.uint16)
    _round(flat, flat.view(np.uint32), half)
    return half.view(np.float16).reshape(images.shape)


@compiled
def _round(numbers, bits, half):
    for i in range(len(half)):
        rest = bits[i] & REST
        small = np.uint32(np.rint(np.abs(numbers[i]) * SUBNORMAL)) if rest < NORMAL else rest
        odd = (rest >> DROPPED) & ODD  # a tie goes to the even neighbour
        large = min((rest - BIAS + NEARLY_HALF + odd) >> DROPPED, INFINITE)
        half[i] = ((bits[i] >> HALF_WORD) & SIGN) | (small if rest < NORMAL else large)


@compiled
def perspective(points, rotations, images, start, stop, splat, distance):
    views, n_points, size = len(rotations), points.shape[1], images.shape[1]
    row = np.empty(n_points, np.float32)
    column = np.empty(n_points, np.float32)
    weight = np.empty(n_points, np.float32)
    total = np.zeros(size * size, np.float64)
    count = np.zeros(size * size, np.int32)
    flat = images.reshape(len(images), size * size)
    first = np.float32(-0.5 if splat == 1 else -splat / 2)
    scale, end = np.float32(size), np.float32(size)
    for item in range(start, stop):
        p, r, image = points[item // views], rotations[item % views], flat[item]
        r00, r01, r02 = r[0]
        r10, r11, r12 = r[1]
        r20, r21, r22 = r[2]
        for n in range(n_points):
            x, y, z = p[n, 0], p[n, 1], p[n, 2]
            depth = x * r20 + y * r21 + z * r22 + distance
            depth = depth if depth != ZERO else TINY
            weight[n] = ONE / depth
            row[n] = ((x * r00 + y * r01 + z * r02) / depth + ONE) * scale / TWO
            column[n] = ((x * r10 + y * r11 + z * r12) / depth + ONE) * scale / TWO
        # Once to add up, once to write and to leave the sums clean.
        for writing in range(2):
            for i in range(splat):
                for j in range(splat):
                    for n in range(n_points):
                        a = np.ceil(row[n] + (first + np.float32(i)))
                        b = np.ceil(column[n] + (first + np.float32(j)))
                        if a < ZERO or a >= end or b < ZERO or b >= end or weight[n] < ZERO:
                            continue
                        pixel = np.int64(a) * size + np.int64(b)
                        if writing == 0:
                            total[pixel] += np.float64(weight[n])
                            count[pixel] += 1
                        elif count[pixel] > 0:
                            image[pixel] = np.float32(np.float64(count[pixel]) / total[pixel])
                            total[pixel] = 0
                            count[pixel] = 0
