"""The renderers of `render_torch` for CPUs: the same bits, without walking the empty grid.

A kernel renders the images `start ... stop` of a batch with scratch memory of its own and without
the interpreter's lock: plain threads share the work, and no image depends on how many there are.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int32

from pointclip.core.jit import compiled
from pointclip.projection.surface_cpu import surface, surface_arguments


ZERO, ONE, TWO, TINY = (np.float32(x) for x in (0, 1, 2, 1e-12))
# More than one, so that a thread on a busy core does not keep the others waiting.
CHUNKS_PER_THREAD = 4
_NO_LOOK_UP = (np.empty((0, 0, 2), np.int32), np.empty((0, 2, 0), np.float32))


def render(
    method: str,
    points: Float[np.ndarray, "shape point 3"],
    rotations: Float[np.ndarray, "view 3 3"],
    params: Mapping[str, Any],
    threads: int = 1,
) -> Float[np.ndarray, "shape view height width"]:
    """Render with the kernel named `method`, one of `perspective` and `surface`."""
    if method == "perspective":
        side = params["size"]
        kernel, arguments = perspective, (params["splat"], np.float32(params["distance"]))
    else:
        side = params["grid_size"] - 2 * params["trim"]
        kernel, arguments = surface, (*surface_arguments(params), *_NO_LOOK_UP)
    return _run(kernel, points, rotations, side, arguments, threads)


class LookUp(NamedTuple):
    """Where each point lies in each image, and whether it is seen there.

    Attributes:
        images: the depth maps.
        pixels: row and column of each point's pixel; -1 where it is trimmed off.
        own: what the image would hold at the pixel if nothing lay before the point.
        own_transposed: the same at (column, row), where PointCLIP V2's part segmentation looks.
    """

    images: Float[np.ndarray, "shape view height width"]
    pixels: Int32[np.ndarray, "shape view point 2"]
    own: Float[np.ndarray, "shape view point"]
    own_transposed: Float[np.ndarray, "shape view point"]


def look_up(
    points: Float[np.ndarray, "shape point 3"],
    rotations: Float[np.ndarray, "view 3 3"],
    params: Mapping[str, Any],
    threads: int = 1,
) -> LookUp:
    """Render with the kernel `surface`, and look up every point in every image."""
    shapes, views = len(points), len(rotations)
    pixels = np.empty((shapes * views, points.shape[1], 2), np.int32)
    own = np.empty((shapes * views, 2, points.shape[1]), np.float32)
    side = params["grid_size"] - 2 * params["trim"]
    arguments = (*surface_arguments(params), pixels, own)
    images = _run(surface, points, rotations, side, arguments, threads)
    shape = (shapes, views, points.shape[1])
    both = [own[:, k].reshape(shape) for k in range(2)]
    return LookUp(images, pixels.reshape(*shape, 2), *both)


def _run(
    kernel: Any,
    points: Float[np.ndarray, "shape point 3"],
    rotations: Float[np.ndarray, "view 3 3"],
    side: int,
    arguments: tuple,
    threads: int,
) -> Float[np.ndarray, "shape view side side"]:
    shapes, views = len(points), len(rotations)
    # Zeros from calloc cost nothing where nothing is rendered.
    images = np.zeros((shapes * views, side, side), np.float32)
    inputs: tuple[Any, ...] = (np.ascontiguousarray(points), rotations, images)
    if threads == 1 or len(images) < 2:
        kernel(*inputs, 0, len(images), *arguments)
    else:
        chunks = min(CHUNKS_PER_THREAD * threads, len(images))
        bounds = [len(images) * k // chunks for k in range(chunks + 1)]
        with ThreadPoolExecutor(threads) as pool:
            for chunk in [pool.submit(kernel, *inputs, *b, *arguments) for b in pairwise(bounds)]:
                chunk.result()
    return images.reshape(shapes, views, side, side)


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
