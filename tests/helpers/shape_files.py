"""Files of made shapes, as the stage `prepare` writes them."""

import h5py
import numpy as np

from pointclip.core.store import new_h5


SHAPES = 37  # two batches and a part of one
IDS = [f"train/{i:06d}" for i in range(SHAPES)]


def write_clouds(path, shapes=SHAPES, points=60):
    """Shapes of so many points, sampled from a uniform distribution by a fixed seed."""
    made = np.random.default_rng(0).uniform(-0.5, 0.5, (shapes, points, 3)).astype(np.float32)
    with new_h5(path) as f:
        f["points"] = made
        f["id"] = np.array([f"train/{i:06d}" for i in range(shapes)], "S")
    return path


def read(path, name="features"):
    """An array, the ids and the attributes of a file."""
    with h5py.File(path) as f:
        return f[name][:], list(f["id"].asstr()), dict(f.attrs)
