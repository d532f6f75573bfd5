"""From frames to key-points, against the released functions."""

import numpy as np
import pytest
import torch
from places import GOLDEN

from pointclip.registration.dense.diffusion_frames import at_keypoints, photo_image, target_image
from pointclip.registration.dense.pca import axes_of


SIDES = ("rgb", "depth")


@pytest.fixture(scope="module")
def golden():
    with np.load(GOLDEN / "freereg.npz") as file:
        return {
            key: file[key] for key in file.files if key.split("/")[0] in ("pair", "sample", "fuse")
        }


def test_features_at_keypoints_are_as_far_apart_as_in_the_release(golden):
    """Axes may point the other way, which changes both sides alike and no product."""
    layers = {
        side: {k: torch.from_numpy(golden[f"pair/{side}_layer{k}"]) for k in (0, 4, 6)}
        for side in SIDES
    }
    axes = axes_of(list(layers.values()), 8)
    found, wanted = [], []
    for side in SIDES:
        width, height = golden[f"pair/{side}_size_wh"].tolist()
        uv = golden[f"pair/{side}_uv"].astype(np.int64)
        found.append(at_keypoints(layers[side], axes, uv, width, height))
        wanted.append(golden[f"sample/{side}_diffusion"])
    for a in range(2):
        for b in range(2):
            np.testing.assert_allclose(found[a] @ found[b].T, wanted[a] @ wanted[b].T, atol=1e-4)


def test_frames_are_shown_at_the_size_of_the_model():
    assert photo_image(np.zeros((360, 540, 3), np.uint8)).shape == (512, 768, 3)
    shown = target_image(np.random.default_rng(0).random((480, 640)))
    assert (shown.shape, shown.dtype) == ((512, 704), np.uint8)
