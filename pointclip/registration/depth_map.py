"""What a depth map tells: which pixels are valid, which lie at an edge, and its points."""

import numpy as np
from jaxtyping import Bool, Float
from scipy.ndimage import maximum_filter, minimum_filter

from pointclip.registration.camera import Camera, lift, pixel_grid


# Of the released edge filter: side of the window in pixels.
EDGE_WINDOW = 6


def away_from_edges(
    depth: Float[np.ndarray, "height width"], limit: float
) -> Bool[np.ndarray, "height width"]:
    """Whether the depths around a pixel differ by less than `limit` metres.

    As FreeReg's filter on the image side (FREEREG 1.1): the window of pixel i is i-3 ... i+2 in
    rows and columns, cut at the lower and right border; the first three rows and columns are never
    valid. A hole (0) next to a surface is an edge.
    """
    highest = maximum_filter(depth, EDGE_WINDOW, mode="constant", cval=-np.inf)
    lowest = minimum_filter(depth, EDGE_WINDOW, mode="constant", cval=np.inf)
    smooth = highest - lowest < limit
    smooth[: EDGE_WINDOW // 2] = False
    smooth[:, : EDGE_WINDOW // 2] = False
    return smooth


def valid_pixels(
    depth: Float[np.ndarray, "height width"],
    nearest: float,
    farthest: float,
    edge_limit: float | None = None,
) -> Bool[np.ndarray, "height width"]:
    """Pixels with a depth strictly between `nearest` and `farthest` metres, away from edges."""
    valid = (depth > nearest) & (depth < farthest)
    return valid if edge_limit is None else valid & away_from_edges(depth, edge_limit)


def points_of(
    depth: Float[np.ndarray, "height width"],
    camera: Camera,
    valid: Bool[np.ndarray, "height width"],
) -> Float[np.ndarray, "point 3"]:
    """The points of the valid pixels in the camera's frame, row by row."""
    return lift(pixel_grid(camera)[valid], depth[valid].astype(float), camera)
