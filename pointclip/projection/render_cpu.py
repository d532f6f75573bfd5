"""The renderers of `render_torch` for CPUs: the same bits, without walking the empty grid.

(An edge-keeping average, as `contour` has, is within 2e-6: its sums have another order.)

A kernel renders the images `start ... stop` of a batch with scratch memory of its own and without
the interpreter's lock: plain threads share the work, and no image depends on how many there are.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int32

from pointclip.projection.perspective_cpu import perspective, perspective_dots
from pointclip.projection.surface_cpu import surface, surface_arguments


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


class Dots(NamedTuple):
    """Depth maps as lists of the pixels that hold anything.

    Attributes:
        pixels: places in an image, row by row, in ascending order; the first `counts` of each row.
        values: what they hold.
        counts: how many there are in each image.
    """

    pixels: Int32[np.ndarray, "image dot"]
    values: Float[np.ndarray, "image dot"]
    counts: Int32[np.ndarray, " image"]


def render_dots(
    points: Float[np.ndarray, "shape point 3"],
    rotations: Float[np.ndarray, "view 3 3"],
    params: Mapping[str, Any],
    threads: int = 1,
) -> Dots:
    """The images of the kernel `perspective`, view after view of shape after shape, as dots."""
    size, splat = params["size"], params["splat"]
    images = len(points) * len(rotations)
    shape = images, min(points.shape[1] * splat**2, size**2)
    dots = Dots(np.empty(shape, np.int32), np.zeros(shape, np.float32), np.empty(images, np.int32))
    more = (size, splat, np.float32(params["distance"]))
    _share(
        perspective_dots, (np.ascontiguousarray(points), rotations, *dots), images, more, threads
    )
    return dots


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
    inputs = (np.ascontiguousarray(points), rotations, images)
    _share(kernel, inputs, len(images), arguments, threads)
    return images.reshape(shapes, views, side, side)


def _share(kernel: Any, inputs: tuple, images: int, arguments: tuple, threads: int) -> None:
    """Call a kernel for all images, `threads` parts at a time."""
    if threads == 1 or images < 2:
        kernel(*inputs, 0, images, *arguments)
        return
    chunks = min(CHUNKS_PER_THREAD * threads, images)
    bounds = [images * k // chunks for k in range(chunks + 1)]
    with ThreadPoolExecutor(threads) as pool:
        for chunk in [pool.submit(kernel, *inputs, *b, *arguments) for b in pairwise(bounds)]:
            chunk.result()
