"""Fill a sparse depth map by morphology, as FreeReg does with ip_basic (Ku et al., CRV 2018, MIT).

Both methods turn depths around (limit - depth), so that a dilation lets near surfaces win over far
ones, close holes with windows of growing size, smooth, and turn back.
"""

import numpy as np
from jaxtyping import Bool, Float32
from scipy.ndimage import correlate1d, maximum_filter, minimum_filter

from pointclip.core.errors import choose
from pointclip.core.jit import compiled


METHODS = ("none", "fast", "multiscale")
# What counts as empty, in metres, before and after turning around.
EMPTY = np.float32(0.1)
FAST_LIMIT, MULTISCALE_LIMIT = np.float32(15), np.float32(100)
# `multiscale` dilates near surfaces most: farthest distance of a band and half the cross's side.
BANDS = ((15.0, 3), (30.0, 2), (np.inf, 1))
# What FreeReg writes where `multiscale` found nothing: farther than any valid range.
MULTISCALE_EMPTY = np.float32(255)
LARGE_HOLES = 6  # dilations of 5x5, one after the other

Map = Float32[np.ndarray, "height width"]


def densify(depth: Map, method: str) -> Map:
    """The filled depth map in metres; 0 is empty in the input.

    Args:
        method: `none`; `fast` (indoor; FREEREG 1.4): depths from 15 m on come out wrong, even
            negative, as in the release, so cut the valid range there; `multiscale` (driving):
            what stays empty is 255.

    Raises:
        UserError: if there is no such method.
    """
    choose(method, METHODS, "densification")
    if method == "none":
        return depth.copy()
    return fast(depth) if method == "fast" else multiscale(depth)


def fast(depth: Map, blur: str = "bilateral") -> Map:
    """The release's `fast`; `blur` is `bilateral` or `gaussian`."""
    far = _turned(depth, FAST_LIMIT)
    far = _dilate_shape(far, _diamond(3))
    far = _close(far, 5)
    far = np.where(far < EMPTY, _dilate(far, 7), far)
    far = median_5(far)
    if blur == "bilateral":
        far = bilateral_5(far, 1.5, 2.0)
    else:
        far = np.where(far > EMPTY, _gaussian_5(far), far)
    return _turned(far, FAST_LIMIT)


def multiscale(depth: Map) -> Map:
    """The release's `multiscale`; what stays empty is 255."""
    far = _turned(depth, MULTISCALE_LIMIT)
    merged = far.copy()
    nearest = np.float32(0.1)
    dilated = []
    for farthest, half in BANDS:
        band = (depth > nearest) & (depth <= farthest)
        dilated.append(_dilate_shape(np.where(band, far, 0), _cross(half)))
        nearest = np.float32(farthest)
    for layer in reversed(dilated):  # the nearest band has the last word
        merged = np.where(layer > EMPTY, layer, merged)
    far = _close(merged, 5)
    far = np.where(far > EMPTY, median_5(far), far)
    far = np.where((far <= EMPTY) & _below_the_top(far), _dilate(far, 9), far)
    inside = _below_the_top(far)
    for _ in range(LARGE_HOLES):
        far = np.where((far < EMPTY) & inside, _dilate(far, 5), far)
    known = (far > EMPTY) & inside
    far = np.where(known, median_5(far), far)
    far = np.where(known, bilateral_5(far, 0.5, 2.0), far)
    near = _turned(far, MULTISCALE_LIMIT)
    return np.where(near < EMPTY, MULTISCALE_EMPTY, near)


def _turned(depth: Map, limit: np.float32) -> Map:
    return np.where(depth > EMPTY, limit - depth, depth)


def _below_the_top(far: Map) -> Bool[np.ndarray, "height width"]:
    """Pixels at or below the first known one of their column (all of an empty column)."""
    top = np.argmax(far > EMPTY, axis=0)
    return np.arange(len(far))[:, None] >= top


def _dilate(image: Map, side: int) -> Map:
    return maximum_filter(image, side, mode="constant", cval=-np.inf)


def _dilate_shape(image: Map, shape: Bool[np.ndarray, "side side"]) -> Map:
    half = len(shape) // 2
    padded = np.pad(image, half, constant_values=-np.inf)
    height, width = image.shape
    result = np.full_like(image, -np.inf)
    for i, j in np.argwhere(shape):
        np.maximum(result, padded[i : i + height, j : j + width], out=result)
    return result


def _close(image: Map, side: int) -> Map:
    return minimum_filter(_dilate(image, side), side, mode="constant", cval=np.inf)


def _diamond(half: int) -> Bool[np.ndarray, "side side"]:
    offset = np.abs(np.arange(-half, half + 1))
    return offset[:, None] + offset <= half


def _cross(half: int) -> Bool[np.ndarray, "side side"]:
    offset = np.arange(-half, half + 1)
    return (offset[:, None] == 0) | (offset == 0)


def _gaussian_5(image: Map) -> Map:
    """A window of 5 with the weights 1 4 6 4 1, mirrored at the border without repeating it."""
    weights = np.array([1, 4, 6, 4, 1]) / 16
    across = correlate1d(image.astype(float), weights, axis=0, mode="mirror")
    return correlate1d(across, weights, axis=1, mode="mirror").astype(np.float32)


@compiled
def median_5(image):
    """The median of 5x5 pixels; the border is repeated."""
    height, width = image.shape
    result = np.empty_like(image)
    window = np.empty(25, image.dtype)
    for i in range(height):
        for j in range(width):
            # An insertion sort: neighbours in an image are nearly sorted already.
            n = 0
            for a in range(i - 2, i + 3):
                row = min(max(a, 0), height - 1)
                for b in range(j - 2, j + 3):
                    value = image[row, min(max(b, 0), width - 1)]
                    k = n
                    while k > 0 and window[k - 1] > value:
                        window[k] = window[k - 1]
                        k -= 1
                    window[k] = value
                    n += 1
            result[i, j] = window[12]
    return result


@compiled
def bilateral_5(image, sigma_value, sigma_space):
    """The mean of the 13 pixels within 2 of each, near and alike ones weighing more.

    As OpenCV: the border is mirrored without repeating it.
    """
    height, width = image.shape
    result = np.empty_like(image)
    value_factor, space_factor = -0.5 / sigma_value**2, -0.5 / sigma_space**2
    last_row, last_column = height - 1, width - 1
    for i in range(height):
        for j in range(width):
            centre = image[i, j]
            total, weights = 0.0, 0.0
            for a in range(-2, 3):
                row = abs(i + a)
                row = row if row <= last_row else 2 * last_row - row
                for b in range(-2, 3):
                    if a * a + b * b > 4:
                        continue
                    column = abs(j + b)
                    column = column if column <= last_column else 2 * last_column - column
                    value = image[row, column]
                    apart = value - centre
                    weight = np.exp(apart * apart * value_factor + (a * a + b * b) * space_factor)
                    total += weight * value
                    weights += weight
            result[i, j] = total / weights
    return result
