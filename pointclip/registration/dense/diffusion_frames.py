"""From a frame to the image that the diffusion model sees, and from its layers to key-points."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float, Float32, Int, UInt8

from pointclip.registration.dense.diffusion_input import depth_image, resize
from pointclip.registration.dense.pca import Axes, Layers, join_layers
from pointclip.registration.keypoints import resized_size
from pointclip.registration.match import sample_map


def photo_image(
    photo: UInt8[np.ndarray, "height width 3"],
) -> UInt8[np.ndarray, "new_height new_width 3"]:
    """A photo at the size at which the model sees it."""
    return resize(photo, *resized_size(photo.shape[1], photo.shape[0]))


def target_image(
    depth: Float[np.ndarray, "height width"],
) -> UInt8[np.ndarray, "new_height new_width"]:
    """A filled depth map (metres, 0 where there is none) as the model sees it."""
    return resize(depth_image(depth), *resized_size(depth.shape[1], depth.shape[0]))


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
