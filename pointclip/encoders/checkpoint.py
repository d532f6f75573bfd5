"""What open_clip makes of a backbone's entry: model, tokenizer, and the weights in them.

A checkpoint may be a stranger's, so nothing in it is run: safetensors hold tensors only, pickles
are read with `weights_only`, and TorchScript, whose modules may write files while they are loaded,
is read only if it is one of the files that OpenAI published.
"""

import logging
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pointclip.catalog.openai_checksums import OPENAI_CHECKSUMS
from pointclip.core.errors import UserError
from pointclip.core.files import own_file


def import_open_clip(entry: Mapping[str, Any]) -> Any:
    """open_clip itself, which takes seconds to import, knowing the entry's model.

    Raises:
        UserError: if it does not know the model.
    """
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


def pretrained_config(open_clip: Any, entry: Mapping[str, Any]) -> dict[str, Any]:
    """What open_clip says about these weights: hub, mean, std, activation."""
    return dict(open_clip.get_pretrained_cfg(entry["model"], entry["pretrained"] or ""))


def text_config(open_clip: Any, entry: Mapping[str, Any]) -> dict[str, Any]:
    """What open_clip says about the text tower of this model."""
    return dict(open_clip.get_model_config(entry["model"])["text_cfg"])


def random_model(open_clip: Any, entry: Mapping[str, Any]) -> Any:
    """The architecture of an entry, its weights still random."""
    quick_gelu = entry["quick_gelu"]
    if quick_gelu is None:
        quick_gelu = pretrained_config(open_clip, entry).get("quick_gelu", False)
    with _quiet():
        return open_clip.create_model(
            entry["model"], load_weights=False, pretrained_text=False, force_quick_gelu=quick_gelu
        )


def make_tokenizer(open_clip: Any, entry: Mapping[str, Any], weights: Path) -> Any:
    """open_clip's own tokenizer, or the hub's, in the folder `tokenizer` beside the weights.

    Raises:
        UserError: if that folder or a package is missing.
    """
    config = text_config(open_clip, entry)
    if "hf_tokenizer_name" not in config:
        return open_clip.get_tokenizer(entry["model"])
    own = weights.parent / "tokenizer"
    if not own.is_dir():
        raise UserError(
            f"The tokenizer of backbone '{entry['name']}' is missing: put the tokenizer files "
            f"(tokenizer.json and those beside it) of {config['hf_tokenizer_name']} into {own}."
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


def load_weights(
    open_clip: Any, model: Any, path: Path, checksum: str, entry: Mapping[str, Any]
) -> None:
    """Load a checkpoint into the model.

    Args:
        checksum: the sha256 of the file.

    Raises:
        UserError: if it holds something else than the weights of this model, or might run code.
    """
    state = torchscript_state(path, checksum)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if state is not None:
                for key in ("input_resolution", "context_length", "vocab_size"):
                    state.pop(key, None)
                model.load_state_dict(state)
                return
            open_clip.load_checkpoint(model, str(path), weights_only=True)
    except Exception as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise UserError(
            f"{path} does not hold the weights of {entry['model']} (backbone '{entry['name']}'), "
            f"or is cut short or damaged: {reason}"
        ) from error


def torchscript_state(path: Path, checksum: str) -> dict[str, Any] | None:
    """The tensors of a TorchScript file that OpenAI published; None for a file of another kind.

    Raises:
        UserError: if it is TorchScript of anyone else, or damaged.
    """
    if path.suffix == ".safetensors" or not _is_torchscript(path):
        return None
    if checksum not in OPENAI_CHECKSUMS:
        raise UserError(
            f"{path} is TorchScript, which can run code while it is loaded, and none of the files "
            "that OpenAI published: where you trust it, convert it by safetensors.torch.save_file("
            "dict(torch.jit.load(path).state_dict()), 'model.safetensors') and name that file."
        )
    import torch  # here, because what only asks where weights are does without it

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return dict(torch.jit.load(str(path), map_location="cpu").state_dict())


def _is_torchscript(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith("/constants.pkl") for name in archive.namelist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return False  # damaged or no zip; torch.load with `weights_only` reads no TorchScript


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
