import numpy as np
from read_all import gather

from pointclip.catalog.datasets import FURNITURE
from pointclip.data.read_split import read_split


def test_the_embedded_shapes_lie_in_the_unit_sphere_with_their_fixed_split():
    splits = {
        s: gather(read_split({"reader": "furniture"}, FURNITURE, s)) for s in ("train", "test")
    }
    classes = read_split({"reader": "furniture"}, FURNITURE, "test").classes
    for points, label, _ in splits.values():
        assert points.shape[1:] == (2048, 3)
        assert np.abs(np.linalg.norm(points, axis=2).max(1) - 1).max() < 1e-3
        assert set(label) == set(range(len(classes)))
    assert (np.bincount(splits["train"][1]) == 4).all()
    assert not set(splits["train"][2]) & set(splits["test"][2])
