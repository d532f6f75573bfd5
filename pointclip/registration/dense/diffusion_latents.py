"""The latents of Stable Diffusion: noised from images, or denoised from noise under ControlNet."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Float, UInt8
from torch import Tensor

from pointclip.registration.dense.diffusion_settings import TRAIN_STEPS, Settings


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


class Noise:
    """Normal numbers for one frame, the same on every device."""

    def __init__(self, seed: int) -> None:
        self.generator = torch.Generator().manual_seed(seed)

    def __call__(self, shape: Sequence[int]) -> Tensor:
        return torch.randn(tuple(shape), generator=self.generator)


def _noise_like(
    noises: Sequence[Noise], latents: Float[Tensor, "image channel row column"]
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


def noised_latents(
    networks: Networks,
    images: UInt8[np.ndarray, "image height width 3"],
    noises: Sequence[Noise],
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


def denoise(
    networks: Networks,
    hint: Float[Tensor, "image 3 height width"],
    text: Float[Tensor, "guided token _"],
    noises: Sequence[Noise],
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
        added = control(networks, both, int(step), text, torch.cat([hint, hint]))
        predicted = networks.unet(
            both, int(step), encoder_hidden_states=text, return_dict=False, **added
        )[0]
        negative, positive = predicted.float().chunk(2)
        guided = negative + settings.guidance * (positive - negative)
        noise = _noise_like(noises, latents)
        latents = scheduler.step(guided, int(step), latents, eta=1.0, variance_noise=noise)[0]
    return latents


def control(
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
