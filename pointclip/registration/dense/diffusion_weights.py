"""Where Stable Diffusion and ControlNet come from: local folders and files, never the hub.

Weights are read as tensors only: safetensors, or torch files without anything else in them.
"""

import tempfile
from pathlib import Path
from typing import Any

import torch

from pointclip.core.errors import UserError, choose
from pointclip.core.job import pick_device
from pointclip.registration.dense.diffusion_latents import Networks


PARTS = ("unet", "vae", "text_encoder", "tokenizer")
PRECISIONS = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
EXTRA = "pip install 'pointclip[registration]'"


def load_networks(
    stable_diffusion: str | Path,
    controlnet: str | Path,
    device: str | torch.device = "auto",
    precision: str = "auto",
) -> Networks:
    """Load the frozen networks, on one device.

    Args:
        stable_diffusion: a folder in diffusers' layout, with `unet`, `vae`, `text_encoder` and
            `tokenizer` (`stable-diffusion-v1-5/stable-diffusion-v1-5` on the hub).
        controlnet: a folder in diffusers' layout (`lllyasviel/control_v11f1p_sd15_depth`), or one
            file in the original layout, as FreeReg's fine-tuned weights are.
        precision: `fp32`, `fp16`, `bf16`, or `auto`: half precision on a GPU.

    Raises:
        UserError: if packages or files are missing, damaged or another network's.
    """
    try:
        import diffusers
        import transformers
    except ImportError as error:
        raise UserError(
            f"Diffusion features need another package ({error.name}): {EXTRA}"
        ) from error
    transformers.utils.logging.disable_progress_bar()
    choose(precision, ("auto", *PRECISIONS), "precision of the diffusion model")
    picked = pick_device(str(device))
    if precision == "auto":
        precision = "fp16" if picked.type == "cuda" else "fp32"
    folder, dtype = Path(stable_diffusion), PRECISIONS[precision]
    for part in PARTS:
        if not (folder / part).is_dir():
            raise UserError(
                f"{folder} is no Stable Diffusion in diffusers' layout: it has no folder '{part}'."
            )
    unet = _load(diffusers.UNet2DConditionModel, folder / "unet", dtype)
    return Networks(
        unet=_freeze(unet, picked),
        controlnet=_freeze(_load_controlnet(diffusers, Path(controlnet), unet, dtype), picked),
        vae=_freeze(_load(diffusers.AutoencoderKL, folder / "vae", dtype), picked),
        text_encoder=_freeze(
            _load(transformers.CLIPTextModel, folder / "text_encoder", dtype), picked
        ),
        tokenizer=_load_tokenizer(transformers, folder / "tokenizer"),
        device=picked,
        dtype=dtype,
    )


def _freeze(network: Any, device: torch.device) -> Any:
    return network.to(device).eval().requires_grad_(False)


def _load(network: Any, folder: Path, dtype: torch.dtype) -> Any:
    """A network in diffusers' or transformers' layout, from safetensors alone."""
    stored = sorted(path.name for path in folder.glob("*.safetensors"))
    if not stored:
        raise UserError(f"{folder} holds no .safetensors file.")
    # A folder may hold half-precision weights only, which the libraries call a variant.
    only_half = all(".fp16." in name for name in stored)
    try:
        return network.from_pretrained(
            str(folder),
            torch_dtype=dtype,
            local_files_only=True,
            use_safetensors=True,
            variant="fp16" if only_half else None,
        )
    except Exception as error:
        raise UserError(f"{folder} holds no {network.__name__}: {_sentence(error)}") from error


def _load_controlnet(diffusers: Any, path: Path, unet: Any, dtype: torch.dtype) -> Any:
    if path.is_dir():
        return _load(diffusers.ControlNetModel, path, dtype)
    if not path.is_file():
        raise UserError(f"The ControlNet '{path}' does not exist.")
    # The original layout says nothing of sizes: a ControlNet mirrors the U-Net that it controls.
    with tempfile.TemporaryDirectory() as folder:
        diffusers.ControlNetModel.from_unet(unet, load_weights_from_unet=False).save_config(folder)
        try:
            return diffusers.ControlNetModel.from_single_file(
                str(path),
                config=folder,
                local_files_only=True,
                torch_dtype=dtype,
                low_cpu_mem_usage=True,  # else what the file lacks would stay random, unnoticed
            )
        except Exception as error:
            raise UserError(f"{path} holds no ControlNet: {_sentence(error)}") from error


def _load_tokenizer(transformers: Any, folder: Path) -> Any:
    try:
        return transformers.CLIPTokenizer.from_pretrained(str(folder), local_files_only=True)
    except Exception as error:
        raise UserError(f"{folder} holds no tokenizer of CLIP: {_sentence(error)}") from error


def _sentence(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
