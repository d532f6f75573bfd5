"""PointCLIP's inter-view adapter, exactly as released, for many seeds at once.

The names in the state are those of the released checkpoint, with a seed axis in front.
"""

import math
from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Generator, Tensor
from torch.optim.sgd import sgd

from pointclip.classification import view_weights
from pointclip.classification.adapters.network import adapt, adapt_same, classify
from pointclip.classification.adapters.task import FewShotTask, State
from pointclip.classification.few_shot.training import (
    dropout_mask,
    epoch_batches,
    generators,
    learning_rate,
    smoothed_cross_entropy,
)
from pointclip.core.errors import UserError


TRAINED = [
    "fusion_ratio",
    *(f"global_f.{layer}.{part}" for layer in ("0.bn", "3", "4") for part in ("weight", "bias")),
    *(f"view_f.{layer}.{part}" for layer in ("0", "2") for part in ("weight", "bias")),
]
WRITTEN = ["global_f.3.weight", "view_f.0.weight", "view_f.2.weight"]  # see network._Linear


def states(
    task: FewShotTask,
    *,
    ratio: float = 0.6,
    dropout: float = 0.075,
    smoothing: float = 0.2,
    epochs: int = 250,
    batch: int = 32,
    lr: float = 0.01,
    momentum: float = 0.9,
    weight_decay: float = 5e-4,
    norm: float | None = None,
    scale: float = 100.0,
) -> Iterator[State]:
    """Train as released and yield the state after every epoch (the same tensors, updated).

    Args:
        norm: scale every view's feature to this length first. The release does not; but its rates
            suit the length of OpenAI's features (about 10), and what the adapter adds drowns in
            features that are much longer.
        scale: of the logits. It is that of all of OpenAI's backbones, so the released one, and not
            the backbone's own: with a smaller one hardly anything is learned at these rates.
    """
    if task.shots < 2:
        raise UserError("The inter_view adapter normalises over a batch: give it two shapes.")
    _, _, views, channels = task.bank.shape
    draws = generators(task.seeds, task.bank.device)
    state = initial(views, channels, ratio, draws)
    state["norm"].fill_(norm or 0)
    state["scale"].fill_(scale)
    trained = [state[name].requires_grad_() for name in TRAINED]
    for name in WRITTEN:
        state[name].grad = torch.zeros_like(state[name])
    buffers: list[Tensor | None] = [None] * len(trained)

    def drop(x: Tensor) -> Tensor:
        keep = dropout_mask(tuple(x.shape[1:]), dropout, draws)
        return x * keep.to(x.dtype).mul_(1 / (1 - dropout))

    for epoch in range(epochs):
        rate = learning_rate(epoch, epochs, peak=lr)
        for features, labels in epoch_batches(task, draws, batch):
            features = _scaled(state, features)
            adapted = adapt(state, features, drop if dropout else None, training=True)
            scores = classify(adapted, task.prototypes, scale)
            loss = smoothed_cross_entropy(scores, labels, smoothing).sum()
            for name in TRAINED:
                if name not in WRITTEN:
                    state[name].grad = None
            loss.backward()
            with torch.no_grad():
                # The function and not the class, whose first use imports torch's compiler: seconds.
                sgd(
                    trained,
                    [tensor.grad for tensor in trained if tensor.grad is not None],
                    buffers,
                    lr=rate,
                    momentum=momentum,
                    weight_decay=weight_decay,
                    dampening=0.0,
                    nesterov=False,
                    maximize=False,
                    fused=True,
                )
        state["epoch"].fill_(epoch)
        yield {name: tensor.detach() for name, tensor in state.items()}


def initial(views: int, channels: int, ratio: float, draws: list[Generator]) -> State:
    """Fresh weights as torch initialises them, from each seed's own generator."""
    device, seeds = draws[0].device, len(draws)

    def linear(*shape: int, fan_in: int) -> Tensor:
        bound = 1 / math.sqrt(fan_in)
        parts = [torch.rand(shape, generator=g, device=device) for g in draws]
        return (2 * torch.stack(parts) - 1) * bound

    def constant(value: float | int, *shape: int) -> Tensor:
        return torch.full((seeds, *shape), float(value), device=device)

    wide = views * channels
    state = {
        "fusion_ratio": constant(0.5, views),
        "global_f.3.weight": linear(channels, wide, fan_in=wide),
        "global_f.3.bias": linear(channels, fan_in=wide),
        "view_f.0.weight": linear(channels, channels, fan_in=channels),
        "view_f.0.bias": linear(channels, fan_in=channels),
        "view_f.2.weight": linear(wide, channels, fan_in=channels),
        "view_f.2.bias": linear(wide, fan_in=channels),
        "ratio": constant(ratio),
        "epoch": constant(-1),
        "norm": constant(0),
        "scale": constant(1),
        "view_weights": constant(1, views),
    }
    for layer in ("global_f.0.bn", "global_f.4"):
        state |= {f"{layer}.weight": constant(1, channels), f"{layer}.bias": constant(0, channels)}
        state |= {f"{layer}.running_mean": constant(0, channels)}
        state |= {f"{layer}.running_var": constant(1, channels)}
    return state


@torch.no_grad()
def logits(
    state: State,
    features: Float[Tensor, "shape view channel"],
    prototypes: Float[Tensor, "label channel"],
    logit_scale: float,
) -> Float[Tensor, "seed shape label"]:
    """Logits of every seed for the same shapes, as the trained adapter gives them."""
    adapted = adapt_same(state, _scaled(state, features))
    return classify(adapted, prototypes, float(state["scale"][0]), state["view_weights"])


@torch.no_grad()
def choose(
    task: FewShotTask,
    state: State,
    features: Float[Tensor, "shape view channel"],
    labels: Tensor,
    *,
    search_views: bool = False,
) -> State:
    """With `search_views`: the view weights (v1's post-search) that suit labelled shapes best."""
    if not search_views:
        return state
    text = F.normalize(task.prototypes, dim=-1)
    found = []
    for adapted in adapt_same(state, _scaled(state, features)):
        per_view = adapted @ text.T
        known = per_view.cpu().numpy(), labels.cpu().numpy()
        found.append(view_weights.search(*known, threads=torch.get_num_threads())[0])
    weights = torch.from_numpy(np.stack(found)).to(state["view_weights"])
    return state | {"view_weights": weights}


def _scaled(state: State, features: Tensor) -> Tensor:
    norm = float(state["norm"][0])  # a parameter: the same for all seeds
    return F.normalize(features.float(), dim=-1) * norm if norm else features.float()
