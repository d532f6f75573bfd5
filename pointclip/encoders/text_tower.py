"""The text half of a CLIP alone, for encoders that read no images."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from pointclip.core.errors import UserError
from pointclip.encoders.tensors import tensors_beside


ANCHOR = "token_embedding.weight"


class TextTower:
    """Sentences to features, as `Encoder.encode_texts` of the whole model gives them.

    The image half is never built: it is three quarters of the memory of the largest models.

    Attributes:
        dim: number of channels of a feature.
        logit_scale: the factor of the cosine in the model's own training.
    """

    def __init__(self, model: Any, tokenizer: Any, logit_scale: float, device: torch.device):
        self.device = device
        self.logit_scale = logit_scale
        self._model = model.to(device).eval().requires_grad_(False)
        self._tokenizer = tokenizer
        self.dim: int = self.encode_texts(["a"]).shape[-1]

    @torch.inference_mode()
    def encode_texts(self, sentences: list[str]) -> Float[Tensor, "sentence channel"]:
        """Features of sentences: float32, on the CPU, not normalised."""
        parts = [
            self._model(self._tokenizer(sentences[i : i + 256]).to(self.device)).float().cpu()
            for i in range(0, len(sentences), 256)
        ]
        return torch.cat(parts) if parts else torch.empty(0, self.dim)


def build_text_tower(
    open_clip: Any,
    config: Mapping[str, Any],
    quick_gelu: bool,
    stored: Mapping[str, Tensor],
    source: Path,
) -> tuple[Any, float]:
    """The text half of an open_clip model with the tensors of a checkpoint, and its logit scale.

    Args:
        config: the model's open_clip config.
        source: where the tensors come from, for messages.

    Raises:
        UserError: if the checkpoint holds another model.
    """
    tensors = tensors_beside(stored, ANCHOR)
    if not tensors:
        raise UserError(f"{source} holds no text tower: no tensor in it is named '{ANCHOR}'.")
    tower = open_clip.model._build_text_tower(config["embed_dim"], config["text_cfg"], quick_gelu)
    own = tower.state_dict()
    wrong = [k for k, v in own.items() if k not in tensors or tensors[k].shape != v.shape]
    if wrong:
        raise UserError(
            f"{source} does not hold this text tower: {len(wrong)} of its {len(own)} tensors are "
            f"missing or have another shape, first '{wrong[0]}'."
        )
    tower.load_state_dict({key: tensors[key].float() for key in own})
    scale = next((t for k, t in stored.items() if k.split(".")[-1] == "logit_scale"), None)
    return tower, 100.0 if scale is None else float(scale.float().exp())
