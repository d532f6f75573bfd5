"""The tensors of checkpoints of strangers, read without running anything in them."""

import argparse
import pickle
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pointclip.core.errors import UserError


# What training checkpoints hold beside tensors: arguments and numbers. None of it can run code.
_numpy_number: Any = np.float64(0).__reduce__()[0]
_HARMLESS: list[Any] = [
    argparse.Namespace,
    np.dtype,
    *(type(np.dtype(kind)) for kind in (np.float32, np.float64, np.int64)),
    (_numpy_number, "numpy._core.multiarray.scalar"),
    (_numpy_number, "numpy.core.multiarray.scalar"),
]


def read_tensors(path: Path) -> dict[str, Tensor]:
    """All tensors of a safetensors file or a checkpoint of torch, by their keys joined with dots.

    They stay on disk until they are used. Nothing in the file is run.

    Raises:
        UserError: if the file is missing, damaged, or holds more than tensors and numbers.
    """
    return dict(_flat(_content(path)))


def _content(path: Path) -> Mapping[str, Any]:
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        with torch.serialization.safe_globals(_HARMLESS):
            content = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except FileNotFoundError as error:
        raise UserError(f"The weights file {path} does not exist.") from error
    except pickle.UnpicklingError as error:
        found = re.search(r"Unsupported global: GLOBAL (\S+)", str(error))
        what = f"an object of {found.group(1)}" if found else "more than tensors and numbers"
        raise UserError(
            f"{path} is damaged or holds {what}, which is not read since it could run code: "
            "save the state dict alone as safetensors."
        ) from error
    except Exception as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise UserError(f"{path} is no checkpoint, or cut short or damaged: {reason}") from error
    if not isinstance(content, Mapping):
        raise UserError(f"{path} holds a {type(content).__name__}, not the tensors of a network.")
    return content


def _flat(
    content: Mapping[Any, Any], prefix: str = "", levels: int = 4
) -> Iterator[tuple[str, Tensor]]:
    for key, value in content.items():
        if isinstance(value, Tensor):
            yield f"{prefix}{key}", value
        elif isinstance(value, Mapping) and levels > 1:  # a dictionary may hold itself
            yield from _flat(value, f"{prefix}{key}.", levels - 1)


def tensors_beside(stored: Mapping[str, Tensor], anchor: str) -> dict[str, Tensor]:
    """The tensors under the prefix of the one that is named `anchor`, without that prefix.

    Training code puts a network under `module.`, `state_dict.` and the like. Empty if no name ends
    in `anchor`; of several prefixes the shortest.
    """
    prefixes = [key.removesuffix(anchor) for key in stored if f".{key}".endswith(f".{anchor}")]
    if not prefixes:
        return {}
    prefix = min(prefixes, key=len)
    return {key.removeprefix(prefix): t for key, t in stored.items() if key.startswith(prefix)}
