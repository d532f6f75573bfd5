"""The networks by name, filled from a published checkpoint."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from pointclip.core.errors import UserError, choose
from pointclip.encoders.point import openshape, ulip2, uni3d
from pointclip.encoders.tensors import read_tensors, tensors_beside


Network = openshape.OpenShape | uni3d.Uni3D | ulip2.Ulip2
FAMILIES = (
    (openshape.OpenShape, openshape.SIZES),
    (uni3d.Uni3D, uni3d.SIZES),
    (ulip2.Ulip2, ulip2.SIZES),
)
NETWORKS: dict[str, tuple[Any, Any]] = {
    name: (family, size) for family, sizes in FAMILIES for name, size in sizes.items()
}


def load_network(name: str, path: Path) -> tuple[Network, float | None]:
    """The network `name` with the weights of a published file, in float32, and its logit scale.

    The file is a safetensors file or a checkpoint of torch, of which only tensors are read, and
    only those that the network needs are copied to memory. Prefixes such as `module.` do not
    matter. The logit scale is None if the file has none.

    Raises:
        UserError: if the file cannot be read or holds other weights.
    """
    family, size = NETWORKS[choose(name, NETWORKS, "3D network")]
    with torch.device("meta"):
        network = family(size)
    return fill(network, name, path)


def fill(network: Network, name: str, path: Path) -> tuple[Network, float | None]:
    """Give a network, made on the meta device, the tensors of a file; see `load_network`."""
    # OpenShape's networks with a projection hold the rest as `ppat`.
    stored = {re.sub(r"(^|\.)ppat\.", r"\1", k): t for k, t in read_tensors(path).items()}
    scale = next((t for k, t in stored.items() if k.split(".")[-1] == "logit_scale"), None)
    tensors = tensors_beside(stored, network.anchor)
    if not tensors:
        some = ", ".join(list(stored)[:3]) or "none at all"
        raise UserError(
            f"{path} does not hold the weights of {name}: no tensor in it is named "
            f"'{network.anchor}' (its first ones are {some})."
        )
    state, problems = _state(network, tensors)
    if problems:
        raise UserError(f"{path} does not hold the weights of {name}: {'; '.join(problems)}.")
    network.load_state_dict(state, assign=True)
    network.eval().requires_grad_(False)
    return network, None if scale is None else float(scale.float().exp())


def _state(network: Network, tensors: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], list[str]]:
    """The network's own state from published tensors, and what does not fit, in words."""
    state: dict[str, Tensor] = {}
    missing, misshapen, used, count = [], [], {"logit_scale"}, 0
    for own, like in network.state_dict().items():
        names = network.published(own)
        used.update(name for name in names if name)
        if own.endswith("num_batches_tracked"):
            state[own] = torch.zeros((), dtype=torch.int64)  # counts steps of training
            continue
        count += len([name for name in names if name])
        absent = [name for name in names if name and name not in tensors]
        if absent:
            missing += absent
            continue
        parts = [tensors[name] for name in names if name]
        if None in names:  # the part of a bias that the release leaves out
            parts.insert(names.index(None), torch.zeros_like(parts[0]))
        value = torch.cat(parts) if len(parts) > 1 else parts[0]
        # 1x1 convolutions are matrices here.
        if [n for n in value.shape if n > 1] != [n for n in like.shape if n > 1]:
            misshapen.append(f"'{names[0]}' is {_sizes(value)}, not {_sizes(like)}")
            continue
        state[own] = value.reshape(like.shape).float()
    foreign = [k for k in tensors if k not in used and not k.startswith(network.ignored)]
    problems = []
    if missing:
        problems.append(f"{len(missing)} of {count} tensors are missing, first '{missing[0]}'")
    if misshapen:
        problems.append(f"{len(misshapen)} have another shape, first {misshapen[0]}")
    if foreign:
        problems.append(f"{len(foreign)} belong to another network, first '{foreign[0]}'")
    return state, problems


def _sizes(tensor: Tensor) -> str:
    return "x".join(str(n) for n in tensor.shape)
