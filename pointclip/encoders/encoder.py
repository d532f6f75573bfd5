"""The frozen CLIP: depth maps and sentences in, features out."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from pointclip.catalog.backbones import resolve_backbone
from pointclip.core.job import pick_device
from pointclip.core.own_module import load_own
from pointclip.encoders.checkpoint import (
    import_open_clip,
    load_weights,
    make_tokenizer,
    pretrained_config,
    random_model,
)
from pointclip.encoders.hub import locate_weights
from pointclip.encoders.preprocess import MEAN_STD, to_input
from pointclip.encoders.weights import sha256


DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}


class Encoder:
    """A frozen CLIP with what its entry says about how depth maps become its input.

    Attributes:
        name: the entry's id.
        image_size: height and width of the input.
        dim: number of channels of a feature.
        polarity: whether depth maps are inverted on their way in (see `preprocess.to_input`).
        logit_scale: the factor of the cosine (100 for CLIP).
        prompts: id of the prompt set that suits this backbone.
        weights_sha256: the checksum of the file that the weights come from.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        entry: Mapping[str, Any],
        device: torch.device,
        weights_sha256: str,
    ):
        precision = entry["precision"]
        if precision == "auto":
            precision = "fp16" if device.type == "cuda" else "fp32"
        self.name: str = entry["name"]
        self.prompts: str = entry["prompts"]
        self.weights_sha256 = weights_sha256
        self.device = device
        self.dtype = DTYPES[precision]
        size = model.visual.image_size
        self.image_size: tuple[int, int] = (size, size) if isinstance(size, int) else tuple(size)
        self.logit_scale: float = model.logit_scale.exp().item()
        self.polarity: str = entry["polarity"]
        mean, std = entry["mean_std"]["mean"], entry["mean_std"]["std"]
        self._mean = torch.tensor(mean, device=device).view(3, 1, 1)
        self._std = torch.tensor(std, device=device).view(3, 1, 1)
        self._model = model.to(device=device, dtype=self.dtype).eval().requires_grad_(False)
        self._model = self._model.to(memory_format=torch.channels_last)
        self._tokenizer = tokenizer
        # Small enough for the caches of a CPU, large enough for a GPU to be busy.
        self.batch: int = entry["batch"] or (256 if device.type == "cuda" else 32)
        self.dim: int = self.encode_texts(["a"]).shape[-1]

    @property
    def attrs(self) -> dict[str, Any]:
        """What a file of features says of its encoder."""
        return {
            "backbone": self.name,
            "image_size": list(self.image_size),
            "logit_scale": self.logit_scale,
            "weights_sha256": self.weights_sha256,
            "dtype": str(self.dtype).removeprefix("torch."),
            "device": self.device.type,
        }

    @torch.inference_mode()
    def encode_images(
        self, depth: Float[Tensor, "*batch height width"]
    ) -> Float[Tensor, "*batch channel"]:
        """Features of depth maps at a projection's own resolution: float32, on the CPU, as they
        come from CLIP (not normalised). Runs in batches of `self.batch` images."""
        images = depth.reshape(-1, *depth.shape[-2:])
        if not len(images):
            return torch.empty(*depth.shape[:-2], self.dim)
        features = torch.cat([self._encode(part) for part in images.split(self.batch)])
        return features.reshape(*depth.shape[:-2], features.shape[-1])

    def _encode(self, depth: Float[Tensor, "image height width"]) -> Float[Tensor, "image channel"]:
        images = to_input(depth.to(self.device), self.image_size, self.polarity)
        images = ((images - self._mean) / self._std).to(self.dtype)
        images = images.contiguous(memory_format=torch.channels_last)
        return self._model.encode_image(images).float().cpu()

    @torch.inference_mode()
    def encode_texts(self, sentences: list[str]) -> Float[Tensor, "sentence channel"]:
        """Features of sentences: float32, on the CPU, not normalised."""
        parts = [
            self._model.encode_text(self._tokenizer(sentences[i : i + 256]).to(self.device))
            for i in range(0, len(sentences), 256)
        ]
        return torch.cat(parts).float().cpu() if parts else torch.empty(0, self.dim)


def load_encoder(
    backbone: str | Mapping[str, Any],
    device: str | torch.device = "auto",
    weights_dir: str | Path | None = None,
    weights: str | Path | None = None,
) -> Encoder:
    """Load a built-in backbone by name, or one described by an entry of the config.

    Args:
        weights_dir: where weights are looked for (see `find_weights`), and fetched to from the hub
            if they are not there.
        weights: a checkpoint, or a manifest `weights.json`, to load in place of a search.

    Raises:
        UserError: if the weights are missing and cannot be fetched, or are not this model's.
    """
    entry = resolve_backbone(backbone)
    picked = pick_device(str(device))
    if "module" in entry:
        return _load_own_encoder(entry, picked)
    path = locate_weights(entry, weights_dir, weights)
    open_clip = import_open_clip(entry)
    mean_std = _mean_std(entry["mean_std"])
    if entry["mean_std"] == "openclip":
        mean_std |= pretrained_config(open_clip, entry)
    model, checksum = random_model(open_clip, entry), sha256(path)
    load_weights(open_clip, model, path, checksum, entry)
    tokenizer = make_tokenizer(open_clip, entry, path)
    return Encoder(model, tokenizer, {**entry, "mean_std": mean_std}, picked, checksum)


def _mean_std(given: str | Mapping[str, Any]) -> dict[str, Any]:
    """Mean and standard deviation by name, or as they are given; CLIP's for open_clip's own."""
    if not isinstance(given, str):
        return dict(given)
    return dict(
        zip(("mean", "std"), MEAN_STD["clip" if given == "openclip" else given], strict=True)
    )


def _load_own_encoder(entry: Mapping[str, Any], device: torch.device) -> Encoder:
    """What `load(entry)` of a user's module gives: model and tokenizer, as open_clip has them.

    The model has `encode_image` (of images as mean_std and polarity of the entry make them),
    `encode_text`, `logit_scale` (a logarithm) and `visual.image_size`.
    """
    model, tokenizer = load_own(entry["module"], "load").load(dict(entry))
    files = [Path(file) for file in (entry["module"], entry["weights"]) if file]
    checksum = hashlib.sha256("".join(map(sha256, files)).encode()).hexdigest()
    described = {**entry, "mean_std": _mean_std(entry["mean_std"])}
    return Encoder(model, tokenizer, described, device, checksum)
