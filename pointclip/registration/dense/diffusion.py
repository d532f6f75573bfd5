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
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Float, UInt8
from torch import Tensor

from pointclip.registration.dense.diffusion_layers import Enough, Layers
from pointclip.registration.dense.diffusion_settings import (
    ADDED_PROMPT,
    NEGATIVE_PROMPT,
    TRAIN_STEPS,
    Settings,
)


Features = dict[int, Float[Tensor, "image _ _ _"]]


@dataclass(frozen=True)
class Networks:
    """The frozen parts of Stable Diffusion and ControlNet, as diffusers and transformers hold them,
    on one device and of one precision (see `diffusion_weights.load_networks`)."""

    unet: Any
    controlnet: Any
    vae: Any
    text_encoder: Any
    tokenizer: Any
    device: torch.device = field(default=torch.device("cpu"))
    dtype: torch.dtype = torch.float32


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
    noises = [_Noise(seed) for seed in seeds]
    latents = _noised_latents(networks, images, noises, settings.timestep)
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
    noises = [_Noise(seed) for seed in seeds]
    hint = torch.from_numpy(images).to(networks.device, networks.dtype)[:, None] / 255
    hint = hint.expand(-1, 3, -1, -1)
    prompts = [NEGATIVE_PROMPT, settings.prompt + ADDED_PROMPT]
    negative, positive = (
        text.expand(len(images), -1, -1) for text in _encode_prompts(networks, prompts).split(1)
    )
    if settings.mode == "fast":
        grey = np.repeat(images[..., None], 3, axis=-1)
        latents = _noised_latents(networks, grey, noises, settings.timestep)
    else:
        text = torch.cat([negative, positive])
        latents = _denoise(networks, hint, text, noises, settings)
    return _read(networks, layers, latents, settings.timestep, positive, hint)


class _Noise:
    """Normal numbers for one frame, the same on every device."""

    def __init__(self, seed: int) -> None:
        self.generator = torch.Generator().manual_seed(seed)

    def __call__(self, shape: Sequence[int]) -> Tensor:
        return torch.randn(tuple(shape), generator=self.generator)


def _noise_like(
    noises: Sequence[_Noise], latents: Float[Tensor, "image channel row column"]
) -> Float[Tensor, "image channel row column"]:
    return torch.stack([noise(latents.shape[1:]) for noise in noises]).to(latents)


def make_scheduler() -> Any:
    """The released sampler: diffusers' defaults differ in four of these arguments."""
    from diffusers import DDIMScheduler

    return DDIMScheduler(
        num_train_timesteps=TRAIN_STEPS,
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
        timestep_spacing="leading",
    )


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


def _noised_latents(
    networks: Networks,
    images: UInt8[np.ndarray, "image height width 3"],
    noises: Sequence[_Noise],
    timestep: int,
) -> Float[Tensor, "image channel row column"]:
    """A sample of each image's latent (not its mean, as released), noised to a time-step."""
    pixels = torch.from_numpy(images).to(networks.device, networks.dtype) / 127.5 - 1
    pixels = rearrange(pixels, "image row column rgb -> image rgb row column")
    posterior = networks.vae.encode(pixels).latent_dist
    mean, std = posterior.mean.float(), posterior.std.float()
    latents = mean + std * _noise_like(noises, mean)
    latents = latents * networks.vae.config.scaling_factor
    steps = torch.full((len(images),), timestep, device=latents.device)
    return make_scheduler().add_noise(latents, _noise_like(noises, latents), steps)


def _denoise(
    networks: Networks,
    hint: Float[Tensor, "image 3 height width"],
    text: Float[Tensor, "guided token _"],
    noises: Sequence[_Noise],
    settings: Settings,
) -> Float[Tensor, "image channel row column"]:
    """Latents from pure noise by the guided DDIM steps (eta 1) down to the time-step.

    Args:
        text: for each image the negative prompt, then for each the positive.
    """
    scheduler = make_scheduler()
    scheduler.set_timesteps(settings.steps)
    factor = 2 ** (len(networks.vae.config.block_out_channels) - 1)
    shape = (networks.unet.config.in_channels, *(side // factor for side in hint.shape[-2:]))
    latents = torch.stack([noise(shape) for noise in noises]).to(networks.device)
    for step in scheduler.timesteps[: settings.denoising_steps]:
        both = torch.cat([latents, latents]).to(networks.dtype)
        control = _control(networks, both, int(step), text, torch.cat([hint, hint]))
        predicted = networks.unet(
            both, int(step), encoder_hidden_states=text, return_dict=False, **control
        )[0]
        negative, positive = predicted.float().chunk(2)
        guided = negative + settings.guidance * (positive - negative)
        noise = _noise_like(noises, latents)
        latents = scheduler.step(guided, int(step), latents, eta=1.0, variance_noise=noise)[0]
    return latents


def _control(
    networks: Networks,
    latents: Float[Tensor, "image channel row column"],
    step: int,
    text: Float[Tensor, "image token _"],
    hint: Float[Tensor, "image 3 height width"],
) -> dict[str, Any]:
    """What ControlNet adds to the U-Net, as the U-Net's arguments."""
    down, middle = networks.controlnet(
        latents, step, encoder_hidden_states=text, controlnet_cond=hint, return_dict=False
    )
    return {"down_block_additional_residuals": down, "mid_block_additional_residual": middle}


def _read(
    networks: Networks,
    layers: Layers,
    latents: Float[Tensor, "image channel row column"],
    timestep: int,
    text: Float[Tensor, "image token _"],
    hint: Float[Tensor, "image 3 height width"] | None = None,
) -> Features:
    latents = latents.to(networks.dtype)
    control = {} if hint is None else _control(networks, latents, timestep, text, hint)
    with layers.hooked() as seen, suppress(Enough):
        networks.unet(latents, timestep, encoder_hidden_states=text, return_dict=False, **control)
    return {layer: seen[layer].cpu() for layer in layers.layers}
