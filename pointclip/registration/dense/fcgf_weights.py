"""FCGF's published checkpoints, loaded by their own keys; nothing in them is run."""

from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from pointclip.core.errors import UserError
from pointclip.registration.dense.fcgf import ResUNetBN2C


def load_fcgf(path: str | Path, device: str | torch.device = "cpu") -> ResUNetBN2C:
    """A published checkpoint (.pth), or its state dict as safetensors; sizes are read from it.

    Raises:
        UserError: if the file is missing, damaged or another network's.
    """
    state = {k: v for k, v in _read_state(Path(path)).items() if isinstance(v, Tensor)}
    try:
        down = tuple(state[f"conv{level}.kernel"].shape[-1] for level in (1, 2, 3, 4))
        up = tuple(state[f"conv{level}_tr.kernel"].shape[-1] for level in (4, 3, 2, 1))
        size = round(state["conv1.kernel"].shape[0] ** (1 / 3))
        network = ResUNetBN2C(down, up, state["final.kernel"].shape[-1], size)
        missing, unexpected = network.load_state_dict(state, strict=False)
    except (KeyError, IndexError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"{path} holds no network ResUNetBN2C of FCGF: {reason}") from error
    # Counters of training steps, which evaluation does not read, may be left out.
    missing = [key for key in missing if not key.endswith("num_batches_tracked")]
    if wrong := [*missing, *unexpected]:
        raise UserError(
            f"{path} holds no network ResUNetBN2C of FCGF: its key '{wrong[0]}' is "
            f"{'missing' if missing else 'unknown'}."
        )
    return network.to(device).eval().requires_grad_(False)


def _read_state(path: Path) -> dict[str, Any]:
    """The state dict in a checkpoint, of which nothing but tensors and plain values is unpickled.

    The published files hold their training options as an EasyDict: it is read as a plain mapping.
    """
    if path.suffix == ".safetensors":
        from pointclip.core.tensors import read_tensors

        return read_tensors(path)[0]
    try:
        with torch.serialization.safe_globals([(OrderedDict, "easydict.EasyDict")]):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise UserError(f"{path} does not exist.") from error
    except Exception as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise UserError(f"{path} is no readable checkpoint: {reason}") from error
    state = content.get("state_dict", content) if isinstance(content, dict) else None
    if not isinstance(state, dict):
        raise UserError(f"{path} holds no state dict.")
    return state
