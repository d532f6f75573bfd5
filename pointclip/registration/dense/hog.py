"""Histograms of oriented gradients (Dalal and Triggs, CVPR 2005): the cheap cross-modal baseline.

On the photo, gradients of its brightness; on the depth map, of inverse depth. Orientations are
taken without sign, because an edge may be brighter on either side.
"""

import numpy as np
from jaxtyping import Float, Float32, Int, UInt8
from scipy.ndimage import uniform_filter


# Weights of red, green and blue in brightness (ITU-R BT.601).
LUMA = np.array([0.299, 0.587, 0.114])


def brightness(color: UInt8[np.ndarray, "height width 3"]) -> Float[np.ndarray, "height width"]:
    """Of a photo, from 0 to 1."""
    return color @ LUMA / 255


def inverse_depth(
    depth: Float[np.ndarray, "height width"], nearest: float, farthest: float
) -> Float[np.ndarray, "height width"]:
    """1 / depth from 0 to about 1 between the 2nd and 98th percentile; 0 where there is none."""
    valid = (depth > nearest) & (depth < farthest)
    if not valid.any():
        return np.zeros(depth.shape)
    inverse = np.where(valid, 1 / np.where(valid, depth, 1), 0).astype(float)
    low, high = np.percentile(inverse[valid], (2, 98))
    return np.where(valid, np.clip((inverse - low) / max(high - low, 1e-6), 0, 1), 0)


def histograms(
    image: Float[np.ndarray, "height width"],
    uv: Int[np.ndarray, "keypoint 2"],
    cell: int,
    bins: int,
    cells: int,
) -> Float32[np.ndarray, "keypoint channel"]:
    """Of unit length; zeros where nothing changes.

    Args:
        cell: side of a cell in pixels.
        bins: orientations between 0 and 180 degrees; a gradient counts to its two nearest.
        cells: a key-point's block has cells x cells of them, itself in the middle.
    """
    dy, dx = np.gradient(image)
    strength, angle = np.hypot(dx, dy), np.arctan2(dy, dx) % np.pi
    position = angle / np.pi * bins
    lower = np.floor(position).astype(int)
    part = position - lower
    planes = np.zeros((bins, *image.shape))
    rows, columns = np.indices(image.shape)
    np.add.at(planes, (lower % bins, rows, columns), strength * (1 - part))
    np.add.at(planes, ((lower + 1) % bins, rows, columns), strength * part)
    sums = np.stack([uniform_filter(plane, cell, mode="constant") for plane in planes], axis=-1)
    offset = ((np.arange(cells) - (cells - 1) / 2) * cell).round().astype(int)
    v = uv[:, 1, None, None] + offset[:, None]
    u = uv[:, 0, None, None] + offset
    height, width = image.shape
    inside = (v >= 0) & (v < height) & (u >= 0) & (u < width)
    block = sums[v.clip(0, height - 1), u.clip(0, width - 1)] * inside[..., None]
    features = block.reshape(len(uv), -1)
    length = np.linalg.norm(features, axis=1, keepdims=True)
    features = np.where(length > 1e-6, features / np.maximum(length, 1e-6), 0)
    # Large values are cut and the rest weighs more, so that one strong edge does not rule a block.
    features = np.minimum(features, 0.2)
    length = np.linalg.norm(features, axis=1, keepdims=True)
    return np.where(length > 0, features / np.maximum(length, 1e-6), 0).astype(np.float32)
