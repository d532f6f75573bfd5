"""The weights that smoothing works with, for both renderers."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np


def gaussian_taps(width: int, sigma: float) -> list[float]:
    """Weights of a one-dimensional Gaussian that sum to 1, in float32."""
    raw = [math.exp(-((i - width // 2) ** 2) / (2 * sigma**2)) for i in range(width)]
    return (np.array(raw) / sum(raw)).astype(np.float32).tolist()


def sharpness(params: Mapping[str, Any]) -> float:
    """What a squared difference is multiplied with: exp(-d²/2s²) is about (1 - d²/16s²)^8."""
    return 1 / (16 * (params["sigma_value"] * (params["grid_depth"] - 2)) ** 2)
