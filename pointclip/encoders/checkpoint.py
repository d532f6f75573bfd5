"""What open_clip makes of a backbone's entry: model, tokenizer, and the weights in them.

open_clip itself is handed in, since only `encoders` imports it.
"""

import logging
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from pointclip.core.errors import UserError
from pointclip.encoders.weights import TOKENIZER_FILES


def published(open_clip: Any, entry: Mapping[str, Any]) -> dict[str, Any]:
    """What open_clip says about these weights: hub, mean, std, activation."""
    return dict(open_clip.get_pretrained_cfg(entry["model"], entry["pretrained"] or ""))


def text_config(open_clip: Any, entry: Mapping[str, Any]) -> dict[str, Any]:
    return dict(open_clip.get_model_config(entry["model"])["text_cfg"])


def random_model(open_clip: Any, entry: Mapping[str, Any]) -> Any:
    """The architecture of an entry, its weights still random."""
    quick_gelu = entry["quick_gelu"]
    if quick_gelu is None:
        quick_gelu = published(open_clip, entry).get("quick_gelu", False)
    with _quiet():
        return open_clip.create_model(
            entry["model"], load_weights=False, pretrained_text=False, force_quick_gelu=quick_gelu
        )


def make_tokenizer(open_clip: Any, entry: Mapping[str, Any], weights: Path) -> Any:
    """open_clip's own tokenizer, or the hub's, in the folder `tokenizer` beside the weights."""
    config = text_config(open_clip, entry)
    if "hf_tokenizer_name" not in config:
        return open_clip.get_tokenizer(entry["model"])
    own = weights.parent / "tokenizer"
    if not own.is_dir():
        raise UserError(
            f"The tokenizer of backbone '{entry['name']}' is missing: put the files "
            f"{', '.join(TOKENIZER_FILES)} of {config['hf_tokenizer_name']} into {own}."
        )
    try:
        return open_clip.tokenizer.HFTokenizer(
            str(own), context_length=config["context_length"], **config.get("tokenizer_kwargs", {})
        )
    except ImportError as error:
        raise UserError(
            f"Backbone '{entry['name']}' needs another package for its tokenizer: "
            "pip install transformers."
        ) from error


def load_weights(open_clip: Any, model: Any, path: Path, entry: Mapping[str, Any]) -> None:
    """Load a checkpoint into the model; nothing in it is unpickled but tensors."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if path.suffix != ".safetensors" and _is_torchscript(path):
                # The form in which OpenAI publishes its weights.
                state = torch.jit.load(str(path), map_location="cpu").state_dict()
                for key in ("input_resolution", "context_length", "vocab_size"):
                    state.pop(key, None)
                model.load_state_dict(state)
            else:
                open_clip.load_checkpoint(model, str(path), weights_only=True)
    except Exception as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise UserError(
            f"{path} does not hold the weights of {entry['model']} (backbone '{entry['name']}'), "
            f"or is cut short or damaged: {reason}"
        ) from error


def _is_torchscript(path: Path) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith("/constants.pkl") for name in archive.namelist())


@contextmanager
def _quiet() -> Iterator[None]:
    """Without open_clip's warning that a model begins with random weights: ours are loaded next."""
    previous = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(previous)
