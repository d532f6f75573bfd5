"""Weights on disk: safetensors, with metadata and a checksum of both."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pointclip.core.atomic import atomic
from pointclip.core.errors import UserError


def write_tensors(tensors: Mapping[str, Any], path: str | Path, **metadata: Any) -> None:
    """Write torch tensors as safetensors; `metadata` values are stored as JSON, with a checksum."""
    from safetensors.torch import save_file

    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    told = json.loads(json.dumps(metadata)) | {"sha256": _checksum(plain, metadata)}
    with atomic(path) as partial:
        partial.touch()
        mode = partial.stat().st_mode
        # One entry: of several, safetensors writes the order by chance, and equal files differ.
        save_file(plain, partial, metadata={"pointclip": json.dumps(told, sort_keys=True)})
        # safetensors writes what nobody but its owner may read.
        partial.chmod(mode)


def read_tensors(path: str | Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read safetensors: the tensors, and the metadata that `write_tensors` was given.

    Raises:
        UserError: if the file is missing or no safetensors file, or does not fit its checksum.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as f:
            metadata = json.loads((f.metadata() or {}).get("pointclip", "{}"))
            tensors = {name: f.get_tensor(name) for name in f.keys()}  # noqa: SIM118
    except FileNotFoundError as error:
        raise UserError(f"{path} does not exist.") from error
    except (SafetensorError, ValueError, RecursionError, OSError) as error:
        raise UserError(f"{path} is not a readable safetensors file ({error}).") from error
    if isinstance(metadata, dict):
        checksum = metadata.pop("sha256", None)
        if checksum is not None and checksum != _checksum(tensors, metadata):
            raise UserError(f"{path} is damaged: it does not fit its own checksum.")
    return tensors, metadata


def _checksum(tensors: Mapping[str, Any], metadata: Mapping[str, Any]) -> str:
    """A hash of all values, since one flipped bit would be read as another number."""
    import torch

    found = hashlib.sha256(json.dumps(metadata, sort_keys=True).encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        found.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        found.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return found.hexdigest()
