"""Features of Stable Diffusion 1.5 that mean the same on a photo and on a depth map (FreeReg).

Wang et al.: FreeReg: Image-to-Point Cloud Registration Leveraging Pretrained Diffusion Models and
Monocular Depth Estimators, ICLR 2024. A photo's latent is noised to time-step 150 and read by the
U-Net once. A depth map goes through ControlNet; where its latent comes from is the mode:

- `released`: from pure noise by 17 of 20 guided DDIM steps. The latent is then at the noise level
  of t = 101, but both networks are told t = 150, as the release does.
- `fast` (ours): the depth map's own image is encoded and noised once, as a photo is. One pass
  instead of 35.

Features are what the U-Net's decoder holds: layer 0 is its middle block (with the control added, on
a depth map), layer k its decoder block k. Both modes stop after the last layer that is asked for.
"""

from collections.abc import Sequence
from contextlib import suppress

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from pointclip.registration.dense.diffusion_latents import (
    Networks,
    Noise,
    control,
    denoise,
    noised_latents,
)
from pointclip.registration.dense.diffusion_layers import Enough, Layers
from pointclip.registration.dense.diffusion_settings import (
    ADDED_PROMPT,
    NEGATIVE_PROMPT,
    Settings,
)


Features = dict[int, Float[Tensor, "image _ _ _"]]


@torch.inference_mode()
def encode_photos(
    networks: Networks,
    images: UInt8[np.ndarray, "image height width 3"],
    seeds: Sequence[int],
    settings: Settings,
) -> Features:
    """Features of photos at the size that the model sees (multiples of 64), per layer.

    Args:
        seeds: one a photo, for the sample of its latent and for the noise.

    Returns:
        For each layer (image, channel, row, column), in the networks' precision, on the CPU.
    """
    layers = Layers(networks.unet, settings.layers)
    noises = [Noise(seed) for seed in seeds]
    latents = noised_latents(networks, images, noises, settings.timestep)
    text = _encode_prompts(networks, [settings.prompt + ADDED_PROMPT]).expand(len(images), -1, -1)
    return _read(networks, layers, latents, settings.timestep, text)


@torch.inference_mode()
def encode_depths(
    networks: Networks,
    images: UInt8[np.ndarray, "image height width"],
    seeds: Sequence[int],
    settings: Settings,
) -> Features:
    """Features of depth maps, shown as `diffusion_input.depth_image` makes them; as for photos."""
    layers = Layers(networks.unet, settings.layers)
    noises = [Noise(seed) for seed in seeds]
    hint = torch.from_numpy(images).to(networks.device, networks.dtype)[:, None] / 255
    hint = hint.expand(-1, 3, -1, -1)
    prompts = [NEGATIVE_PROMPT, settings.prompt + ADDED_PROMPT]
    negative, positive = (
        text.expand(len(images), -1, -1) for text in _encode_prompts(networks, prompts).split(1)
    )
    if settings.mode == "fast":
        grey = np.repeat(images[..., None], 3, axis=-1)
        latents = noised_latents(networks, grey, noises, settings.timestep)
    else:
        text = torch.cat([negative, positive])
        latents = denoise(networks, hint, text, noises, settings)
    return _read(networks, layers, latents, settings.timestep, positive, hint)


def _encode_prompts(networks: Networks, prompts: list[str]) -> Float[Tensor, "prompt token _"]:
    """CLIP's last hidden states after its final norm, padded to the longest sentence it takes."""
    tokenizer = networks.tokenizer
    tokens = tokenizer(
        prompts,
        padding="max_length",
        max_length=tokenizer.model_max_length,
        truncation=True,
        return_tensors="pt",
    )
    return networks.text_encoder(tokens.input_ids.to(networks.device)).last_hidden_state


def _read(
    networks: Networks,
    layers: Layers,
    latents: Float[Tensor, "image channel row column"],
    timestep: int,
    text: Float[Tensor, "image token _"],
    hint: Float[Tensor, "image 3 height width"] | None = None,
) -> Features:
    latents = latents.to(networks.dtype)
    added = {} if hint is None else control(networks, latents, timestep, text, hint)
    with layers.hooked() as seen, suppress(Enough):
        networks.unet(latents, timestep, encoder_hidden_states=text, return_dict=False, **added)
    return {layer: seen[layer].cpu() for layer in layers.layers}
