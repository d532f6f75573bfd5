"""PointCLIP's inter-view adapter, exactly as released, for many seeds at once.

The names in the state are those of the released checkpoint, with a seed axis in front.
"""

import math
from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from einops import rearrange, repeat
from jaxtyping import Float
from torch import Generator, Tensor

from pointclip import view_weights
from pointclip.adapters.task import FewShotTask, State
from pointclip.errors import UserError
from pointclip.training import (
    dropout_mask,
    epoch_batches,
    generators,
    learning_rate,
    smoothed_cross_entropy,
)


TRAINED = [
    "fusion_ratio",
    *(f"global_f.{layer}.{part}" for layer in ("0.bn", "3", "4") for part in ("weight", "bias")),
    *(f"view_f.{layer}.{part}" for layer in ("0", "2") for part in ("weight", "bias")),
]
EPS, MOMENTUM = 1e-5, 0.1
Seeds = Float[Tensor, "seed batch view channel"]


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
) -> Iterator[State]:
    """Train as released and yield the state after every epoch (the same tensors, updated)."""
    if task.shots < 2:
        raise UserError("The inter_view adapter normalises over a batch: give it two shapes.")
    _, _, views, channels = task.bank.shape
    draws = generators(task.seeds, task.bank.device)
    state = initial(views, channels, ratio, draws)
    trained = [state[name].requires_grad_() for name in TRAINED]
    optimiser = torch.optim.SGD(
        trained, lr=lr, momentum=momentum, weight_decay=weight_decay, fused=True
    )

    def drop(x: Tensor) -> Tensor:
        keep = dropout_mask(tuple(x.shape[1:]), dropout, draws)
        return x * keep.to(x.dtype).mul_(1 / (1 - dropout))

    for epoch in range(epochs):
        optimiser.param_groups[0]["lr"] = learning_rate(epoch, epochs, peak=lr)
        for features, labels in epoch_batches(task, draws, batch):
            adapted = adapt(state, features, drop if dropout else None, training=True)
            scores = classify(adapted, task.prototypes, task.logit_scale)
            loss = smoothed_cross_entropy(scores, labels, smoothing).sum()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
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
        "view_weights": constant(1, views),
    }
    for layer in ("global_f.0.bn", "global_f.4"):
        state |= {f"{layer}.weight": constant(1, channels), f"{layer}.bias": constant(0, channels)}
        state |= {f"{layer}.running_mean": constant(0, channels)}
        state |= {f"{layer}.running_var": constant(1, channels)}
    return state


def adapt(
    state: State, x: Seeds, drop: Callable[[Tensor], Tensor] | None = None, training: bool = False
) -> Seeds:
    """Mix every view's feature with what all views together say about it."""
    drop = drop or (lambda h: h)
    views = x.shape[2]
    h = x * rearrange(state["fusion_ratio"], "seed view -> seed 1 view 1")
    h = rearrange(h, "seed batch view channel -> seed (batch view) channel")
    h = drop(_batch_norm(state, "global_f.0.bn", h, training))
    h = rearrange(h, "seed (batch view) channel -> seed batch (view channel)", view=views)
    h = drop(F.relu(_batch_norm(state, "global_f.4", _linear(state, "global_f.3", h), training)))
    h = F.relu(_linear(state, "view_f.2", F.relu(_linear(state, "view_f.0", h))))
    h = rearrange(h, "seed batch (view channel) -> seed batch view channel", view=views)
    return torch.lerp(x, h, rearrange(state["ratio"], "seed -> seed 1 1 1"))


def classify(
    adapted: Seeds,
    prototypes: Float[Tensor, "label channel"],
    logit_scale: float,
    weights: Float[Tensor, "seed view"] | None = None,
) -> Float[Tensor, "seed batch label"]:
    """Compare the normalised concatenation of views with the prototype repeated for each view."""
    text = F.normalize(prototypes, dim=-1) / math.sqrt(adapted.shape[2])
    length = torch.linalg.vector_norm(adapted, dim=(2, 3)).clamp_min(1e-12).unsqueeze(-1)
    if weights is not None:
        adapted = adapted * rearrange(weights, "seed view -> seed 1 view 1")
    # The prototype is the same in every view: add the views up before the product.
    return logit_scale * (adapted.sum(2) / length) @ text.T


@torch.no_grad()
def logits(
    state: State,
    features: Float[Tensor, "shape view channel"],
    prototypes: Float[Tensor, "label channel"],
    logit_scale: float,
) -> Float[Tensor, "seed shape label"]:
    """Logits of every seed for the same shapes, as the trained adapter gives them."""
    adapted = adapt(state, _same_for_all(state, features))
    return classify(adapted, prototypes, logit_scale, state["view_weights"])


def _same_for_all(state: State, features: Tensor) -> Tensor:
    return repeat(features.float(), "b v c -> seed b v c", seed=len(state["epoch"]))


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
    for adapted in adapt(state, _same_for_all(state, features)):
        per_view = task.logit_scale * adapted @ text.T
        found.append(view_weights.search(per_view.cpu().numpy(), labels.cpu().numpy())[0])
    return state | {"view_weights": torch.tensor(found, device=features.device)}


def _linear(state: State, layer: str, x: Tensor) -> Tensor:
    weight, bias = state[f"{layer}.weight"], state[f"{layer}.bias"]
    return torch.baddbmm(bias.unsqueeze(1), x, weight.transpose(1, 2))


def _batch_norm(state: State, layer: str, x: Tensor, training: bool) -> Tensor:
    """BatchNorm of each seed by itself: seeds folded into channels."""
    seeds = len(x)
    mean, variance, weight, bias = (
        state[f"{layer}.{part}"].reshape(-1)
        for part in ("running_mean", "running_var", "weight", "bias")
    )
    folded = rearrange(x, "seed n channel -> n (seed channel)")
    normed = F.batch_norm(folded, mean, variance, weight, bias, training, MOMENTUM, EPS)
    return rearrange(normed, "n (seed channel) -> seed n channel", seed=seeds)
