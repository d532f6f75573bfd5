"""A depth map with the error of a network, for ablations: one scale and a smooth field."""

import numpy as np
from jaxtyping import Float32
from scipy.ndimage import zoom


# A smooth error of depth has so many knots along the longer side.
NOISE_KNOTS = 8
Depth = Float32[np.ndarray, "height width"]


def with_error(depth: Depth, scale: float, smooth: float, seed: int) -> Depth:
    """Depth times exp(a number + a smooth field), as a network errs.

    Args:
        scale: the number's standard deviation.
        smooth: the field's at its knots; over the image it is a sixth less.
    """
    if scale == smooth == 0:
        return depth
    rng = np.random.default_rng(seed)
    height, width = depth.shape
    knots = [max(round(NOISE_KNOTS * side / max(depth.shape)), 2) for side in (height, width)]
    field = zoom(rng.normal(size=knots), (height / knots[0], width / knots[1]), order=3)
    factor = np.exp(scale * rng.normal() + smooth * field[:height, :width])
    return (depth * factor).astype(np.float32)
