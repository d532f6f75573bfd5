"""Patch features of a classification backbone, on the photo and on the rendered depth map.

A model that reads depth maps as pictures may see the same chair in both. What `encode_dense` gives
is a map of a few cells; key-points take their feature from it bilinearly.
"""

import numpy as np
import torch
from jaxtyping import Float, Float32, Int, UInt8

from pointclip.encoders.dense import encode_dense
from pointclip.encoders.encoder import Encoder
from pointclip.encoders.preprocess import to_input
from pointclip.registration.match import sample_map


def input_size(width: int, height: int, short_side: int, cell: int) -> tuple[int, int]:
    """Height and width at which the backbone sees an image: multiples of its cell."""
    factor = short_side / min(width, height)
    rows, columns = (max(round(side * factor / cell), 1) for side in (height, width))
    return rows * cell, columns * cell


def photo_input(
    color: UInt8[np.ndarray, "height width 3"], size: tuple[int, int]
) -> Float[torch.Tensor, "1 3 new_height new_width"]:
    """A photo from 0 to 1, each channel resized as depth maps are."""
    channels = torch.from_numpy(np.ascontiguousarray(color.transpose(2, 0, 1))) / 255
    return to_input(channels, size)[:, 0][None]


def depth_input(
    image: Float[np.ndarray, "height width"], size: tuple[int, int]
) -> Float[torch.Tensor, "1 3 new_height new_width"]:
    """An inverse depth map from 0 to 1, near is bright, as three equal channels."""
    return to_input(torch.from_numpy(image)[None], size)


def patch_features(
    encoder: Encoder,
    images: Float[torch.Tensor, "1 3 height width"],
    uv: Int[np.ndarray, "keypoint 2"],
    width: int,
    height: int,
) -> Float32[np.ndarray, "keypoint channel"]:
    """Features at key-points of an image of that width and height; the map's mean is taken out.

    Patches of one picture share most of what their features say; the rest tells them apart.
    """
    features = encode_dense(encoder, images)[0]
    features = features / features.norm(dim=0, keepdim=True).clamp(min=1e-6)
    features = features - features.mean(dim=(1, 2), keepdim=True)
    return sample_map(features.numpy(), uv, width, height).astype(np.float32)
