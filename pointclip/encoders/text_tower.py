"""The text half of a CLIP alone, for encoders that read no images; or its answers in a file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor

from pointclip.core.errors import UserError
from pointclip.core.job import pick_device
from pointclip.core.store import read_parquet, write_parquet
from pointclip.encoders.checkpoint import (
    import_open_clip,
    make_tokenizer,
    pretrained_config,
    torchscript_state,
)
from pointclip.encoders.hub import locate_weights
from pointclip.encoders.tensors import read_tensors, tensors_beside
from pointclip.encoders.weights import sha256


ANCHOR = "token_embedding.weight"


class TextTower:
    """Sentences to features, as `Encoder.encode_texts` of the whole model gives them.

    The image half is never built: it is three quarters of the memory of the largest models.

    Attributes:
        dim: number of channels of a feature.
    """

    def __init__(self, model: Any, tokenizer: Any, device: torch.device):
        self.device = device
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


class TextFeatures:
    """The answers of a text tower to some sentences, read from a file in place of the tower.

    Attributes:
        dim: number of channels of a feature.
        tower: the backbone whose tower has given them.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = path
        frame = read_parquet(path)
        if not {"sentence", "feature"} <= set(frame) or not len(frame):
            raise UserError(f"{path} is no file of text features: it has no sentence and feature.")
        features = np.stack(frame["feature"].to_list()).astype(np.float32)
        self._features = dict(zip(frame["sentence"], torch.from_numpy(features), strict=True))
        self.dim: int = features.shape[1]
        self.tower: str = frame.attrs.get("tower", "")

    def encode_texts(self, sentences: list[str]) -> Float[Tensor, "sentence channel"]:
        """Features of sentences, as the tower gave them.

        Raises:
            UserError: naming a sentence that is not in the file.
        """
        missing = [sentence for sentence in sentences if sentence not in self._features]
        if missing:
            raise UserError(
                f"{self.path} has no feature of {len(missing)} of {len(sentences)} sentences, "
                f"first '{missing[0]}': write it anew with these classes and prompts."
            )
        return torch.stack([self._features[sentence] for sentence in sentences])


def write_text_features(
    sentences: Sequence[str], tower: TextTower, name: str, out: str | Path
) -> None:
    """Write what `TextFeatures` reads: for machines that cannot hold the tower.

    Args:
        name: the backbone that the tower belongs to.
    """
    unique = list(dict.fromkeys(sentences))
    features = list(tower.encode_texts(unique).numpy())
    write_parquet(pd.DataFrame({"sentence": unique, "feature": features}), out, tower=name)


def load_text_tower(
    entry: Mapping[str, Any],
    device: str | torch.device = "auto",
    weights_dir: str | Path | None = None,
    weights: str | Path | None = None,
) -> TextTower:
    """The text half of a resolved 2D backbone, with the weights that the whole backbone has.

    See `load_encoder` for the arguments and errors.
    """
    path = locate_weights(entry, weights_dir, weights)
    open_clip = import_open_clip(entry)
    quick_gelu = entry["quick_gelu"]
    if quick_gelu is None:
        quick_gelu = pretrained_config(open_clip, entry).get("quick_gelu", False)
    config = open_clip.get_model_config(entry["model"])
    stored = torchscript_state(path, sha256(path)) if path.suffix != ".safetensors" else None
    tower = build_text_tower(
        open_clip,
        config,
        quick_gelu or config.get("quick_gelu", False),
        read_tensors(path) if stored is None else stored,
        path,
    )
    return TextTower(tower, make_tokenizer(open_clip, entry, path), pick_device(str(device)))


def build_text_tower(
    open_clip: Any,
    config: Mapping[str, Any],
    quick_gelu: bool,
    stored: Mapping[str, Tensor],
    source: Path,
) -> Any:
    """The text half of an open_clip model with the tensors of a checkpoint.

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
    return tower
