"""From a frame to the diffusion model's layers, and from the layers of a pair to key-points."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float, Float32, Int, UInt8
from torch import Tensor

from pointclip.registration.dense.diffusion import Networks, encode_depths, encode_photos
from pointclip.registration.dense.diffusion_input import depth_image, resize
from pointclip.registration.dense.diffusion_settings import Settings
from pointclip.registration.dense.pca import Axes, Layers, join_layers
from pointclip.registration.keypoints import resized_size
from pointclip.registration.match import sample_map


def photo_layers(
    networks: Networks,
    photo: UInt8[np.ndarray, "height width 3"],
    seed: int,
    settings: Settings,
) -> dict[int, Float[Tensor, "_ _ _"]]:
    """The layers of one photo, (channel, row, column) each."""
    image = resize(photo, *resized_size(photo.shape[1], photo.shape[0]))
    layers = encode_photos(networks, image[None], [seed], settings)
    return {layer: values[0] for layer, values in layers.items()}


def depth_layers(
    networks: Networks,
    depth: Float[np.ndarray, "height width"],
    seed: int,
    settings: Settings,
) -> dict[int, Float[Tensor, "_ _ _"]]:
    """The layers of one filled depth map (metres, 0 where there is none)."""
    image = resize(depth_image(depth), *resized_size(depth.shape[1], depth.shape[0]))
    layers = encode_depths(networks, image[None], [seed], settings)
    return {layer: values[0] for layer, values in layers.items()}


def at_keypoints(
    layers: Layers,
    axes: Mapping[int, Axes],
    uv: Int[np.ndarray, "keypoint 2"],
    width: int,
    height: int,
) -> Float32[np.ndarray, "keypoint channel"]:
    """Features at key-points of an image of that width and height: layers reduced, joined, sampled
    bilinearly."""
    joined = join_layers([axes[layer].project(values) for layer, values in layers.items()])
    return sample_map(joined.numpy(), uv, width, height).astype(np.float32)
