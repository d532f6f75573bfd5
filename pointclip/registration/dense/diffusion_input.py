"""What FreeReg's diffusion model is shown: a photo or a depth map as an 8-bit image of its size.

Sizes come from `keypoints.resized_size`. Resampling is that of the release (OpenCV's LANCZOS4 to
enlarge, its AREA to shrink), as products with one matrix a side.
"""

import logging

import numpy as np
import torch
from jaxtyping import Float, Real, UInt8

from pointclip.encoders.preprocess import shrinking


log = logging.getLogger(__name__)
TAPS = 8  # of LANCZOS4
# Percentiles of a depth map that become white and black (the release takes all pixels, holes too).
PERCENTILES = (2, 85)


def depth_image(
    depth: Real[np.ndarray, "height width"],
) -> UInt8[np.ndarray, "height width"]:
    """Inverse depth as the release shows it to ControlNet: near is white.

    Depths in any unit. A hole (0) counts as depth 0, in the percentiles too: it becomes white where
    the nearest surfaces are.
    """
    depth = depth.astype(np.float64)
    low, high = np.percentile(depth, PERCENTILES)
    if high == low:
        log.warning("A depth map has one depth almost everywhere: it is shown as a black image.")
        return np.zeros(depth.shape, np.uint8)
    return ((1 - (depth - low) / (high - low)) * 255).clip(0, 255).astype(np.uint8)


def resize(
    image: UInt8[np.ndarray, "height width *channel"], width: int, height: int
) -> UInt8[np.ndarray, "new_height new_width *channel"]:
    """Resize an image as the release does: the shorter sides decide whether it is enlarged."""
    old_height, old_width = image.shape[:2]
    matrix = enlarging if min(width, height) > min(old_width, old_height) else _by_area
    planes = np.moveaxis(image.reshape(old_height, old_width, -1).astype(np.float64), 2, 0)
    planes = matrix(old_height, height) @ planes @ matrix(old_width, width).T
    result = np.moveaxis(planes, 0, 2).round().clip(0, 255).astype(np.uint8)
    return result.reshape(height, width, *image.shape[2:])


def enlarging(old: int, new: int) -> Float[np.ndarray, "{new} {old}"]:
    """LANCZOS4 along a side: the nearest 8 pixels, borders repeated; rows sum to one."""
    centre = (np.arange(new) + 0.5) * (old / new) - 0.5
    first = np.floor(centre).astype(int) - TAPS // 2 + 1
    pixel = first[:, None] + np.arange(TAPS)
    distance = centre[:, None] - pixel
    weight = np.sinc(distance) * np.sinc(distance / (TAPS // 2))
    weight /= weight.sum(axis=1, keepdims=True)
    matrix = np.zeros((new, old))
    np.add.at(matrix, (np.arange(new)[:, None], pixel.clip(0, old - 1)), weight)
    return matrix


def _by_area(old: int, new: int) -> Float[np.ndarray, "{new} {old}"]:
    return shrinking(old, new, torch.device("cpu")).double().numpy()
