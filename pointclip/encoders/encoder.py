"""The frozen CLIP: depth maps and sentences in, features out. The only module with open_clip."""

import logging
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from pointclip.catalog.backbones import BACKBONES, resolve_backbone, weights_name
from pointclip.core.errors import UserError
from pointclip.core.job import pick_device
from pointclip.encoders.checkpoint import (
    load_weights,
    make_tokenizer,
    published,
    random_model,
    text_config,
)
from pointclip.encoders.preprocess import MEAN_STD, to_input
from pointclip.encoders.weights import (
    fetch_from_hub,
    find_weights,
    must_reach_hub,
    own_file,
    record,
    weights_folder,
)


__all__ = ["BACKBONES", "Encoder", "fetch_weights", "load_encoder", "to_input"]
log = logging.getLogger(__name__)
DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}


class Encoder:
    """A frozen CLIP with what its entry says about how depth maps become its input.

    Attributes:
        name: the entry's id.
        image_size: height and width of the input.
        dim: number of channels of a feature.
        logit_scale: the factor of the cosine (100 for CLIP).
        prompts: id of the prompt set that suits this backbone.
    """

    def __init__(self, model: Any, tokenizer: Any, entry: Mapping[str, Any], device: torch.device):
        precision = entry["precision"]
        if precision == "auto":
            precision = "fp16" if device.type == "cuda" else "fp32"
        self.name: str = entry["name"]
        self.prompts: str = entry["prompts"]
        self.device = device
        self.dtype = DTYPES[precision]
        size = model.visual.image_size
        self.image_size: tuple[int, int] = (size, size) if isinstance(size, int) else tuple(size)
        self.logit_scale: float = model.logit_scale.exp().item()
        self._polarity: str = entry["polarity"]
        mean, std = entry["mean_std"]["mean"], entry["mean_std"]["std"]
        self._mean = torch.tensor(mean, device=device).view(3, 1, 1)
        self._std = torch.tensor(std, device=device).view(3, 1, 1)
        self._model = model.to(device=device, dtype=self.dtype).eval().requires_grad_(False)
        self._model = self._model.to(memory_format=torch.channels_last)
        self._tokenizer = tokenizer
        # Small enough for the caches of a CPU, large enough for a GPU to be busy.
        self.batch = 256 if device.type == "cuda" else 32
        self.dim: int = self.encode_texts(["a"]).shape[-1]

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
        images = to_input(depth.to(self.device), self.image_size, self._polarity)
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
) -> Encoder:
    """Load a built-in backbone by name, or one described by an entry of the config.

    Weights are looked for in the entry's `weights`, then in its `weights_dir` or else the given one
    (see `weights.py`), and fetched from the hub if they are in neither.

    Raises:
        UserError: if the weights are missing and cannot be fetched, or are not this model's.
    """
    entry = resolve_backbone(backbone)
    picked = pick_device(str(device))
    folder = weights_folder(entry["weights_dir"] or weights_dir)
    if entry["weights"]:
        path: Path = own_file(entry["weights"], f"weights file of backbone '{entry['name']}'")
    else:
        path = _find(entry, folder) or _fetch(entry, folder)
    open_clip = _open_clip(entry)
    about = published(open_clip, entry)
    mean_std = entry["mean_std"]
    if mean_std == "openclip":
        mean, std = MEAN_STD["clip"]
        mean_std = {"mean": about.get("mean", mean), "std": about.get("std", std)}
    elif isinstance(mean_std, str):
        mean_std = dict(zip(("mean", "std"), MEAN_STD[mean_std], strict=True))
    model = random_model(open_clip, entry)
    load_weights(open_clip, model, path, entry)
    tokenizer = make_tokenizer(open_clip, entry, path)
    return Encoder(model, tokenizer, {**entry, "mean_std": mean_std}, picked)


def fetch_weights(
    backbone: str | Mapping[str, Any],
    weights_dir: str | Path | None = None,
    local_dir: str | Path | None = None,
) -> Path:
    """Bring the weights of a backbone to `weights_dir/{name}/` and write `weights.json` beside.

    A file that is there already, or in the entry's own `weights_dir`, or in `local_dir`, is taken
    as it is (not copied); all else comes from the hub. The manifest is written last: it is the
    target of a rule.

    Raises:
        UserError: if they are missing and cannot be fetched, or their checksum is wrong.
    """
    entry = resolve_backbone(backbone)
    folder, name = weights_folder(weights_dir), entry["name"]
    if entry["weights"]:
        path: Path | None = own_file(entry["weights"], f"weights file of backbone '{name}'")
    else:
        places = [folder, *(Path(place) for place in (entry["weights_dir"], local_dir) if place)]
        path = next((found for place in places if (found := _find(entry, place))), None)
    if path is None:
        path = _fetch(entry, folder)
        if weights_name(entry) == name:
            return path
    record(path, folder, name, str(path), entry["sha256"])
    return path


def _find(entry: Mapping[str, Any], folder: Path) -> Path | None:
    """Weights under the backbone's own name, or under that of the built-in one it varies."""
    return find_weights(entry["name"], folder) or find_weights(weights_name(entry), folder)


def _fetch(entry: Mapping[str, Any], folder: Path) -> Path:
    """Fetch from the hub, or say at once which file is missing where if it cannot be reached."""
    must_reach_hub(entry, folder)
    open_clip = _open_clip(entry)
    repo, _, filename = published(open_clip, entry).get("hf_hub", "").rpartition("/")
    if not repo and not entry["hub"]:
        known = ", ".join(open_clip.list_pretrained_tags_by_model(entry["model"])) or "none"
        raise UserError(
            f"open_clip knows no weights '{entry['pretrained']}' of {entry['model']} "
            f"(it knows: {known}): set 'pretrained' to one of these or 'weights' to a file."
        )
    tokenizer = text_config(open_clip, entry).get("hf_tokenizer_name")
    return fetch_from_hub(entry, entry["hub"] or repo, filename or None, tokenizer, folder)


def _open_clip(entry: Mapping[str, Any]) -> Any:
    """open_clip itself, which takes seconds to import, knowing the entry's model."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import open_clip
    if entry["model_config"]:
        path = own_file(entry["model_config"], "model config")
        try:
            open_clip.add_model_config(path)
        except ValueError as error:
            raise UserError(f"{path} is not an open_clip model config ({error}).") from error
    if open_clip.get_model_config(entry["model"]) is None:
        raise UserError(
            f"open_clip knows no model '{entry['model']}' (backbone '{entry['name']}'): "
            "see open_clip.list_models(), or give its JSON as 'model_config'."
        )
    return open_clip
