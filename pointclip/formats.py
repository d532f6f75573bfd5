"""Files of clouds and meshes by their suffix."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from pointclip.meshes import Mesh


@dataclass(frozen=True)
class Scan:
    """Points as a file gives them."""

    points: Float[np.ndarray, "point 3"]


def _npy(path, index, rng):
    return Scan(np.load(path, allow_pickle=False)[:, :3].astype(np.float64))


FORMATS = {".npy": _npy}
__all__ = ["FORMATS", "Mesh", "Scan"]
