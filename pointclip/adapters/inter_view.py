"""PointCLIP's inter-view adapter, exactly as released, for many seeds at once.

The names in the state are those of the released checkpoint, with a seed axis in front.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from einops import rearrange
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
WRITTEN = ["global_f.3.weight", "view_f.0.weight", "view_f.2.weight"]  # see _Linear
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
    optimiser = torch.optim.SGD(
        trained, lr=lr, momentum=momentum, weight_decay=weight_decay, fused=True
    )

    def drop(x: Tensor) -> Tensor:
        keep = dropout_mask(tuple(x.shape[1:]), dropout, draws)
        return x * keep.to(x.dtype).mul_(1 / (1 - dropout))

    for epoch in range(epochs):
        optimiser.param_groups[0]["lr"] = learning_rate(epoch, epochs, peak=lr)
        for features, labels in epoch_batches(task, draws, batch):
            features = _scaled(state, features)
            adapted = adapt(state, features, drop if dropout else None, training=True)
            scores = classify(adapted, task.prototypes, scale)
            loss = smoothed_cross_entropy(scores, labels, smoothing).sum()
            for name in TRAINED:
                if name not in WRITTEN:
                    state[name].grad = None
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
        "norm": constant(0),
        "scale": constant(1),
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
    h = x * rearrange(state["fusion_ratio"], "seed view -> seed 1 view 1")
    h = rearrange(h, "seed batch view channel -> seed (batch view) channel")
    h = drop(_batch_norm(state, "global_f.0.bn", h, training))
    h = rearrange(h, "seed (batch view) channel -> seed batch (view channel)", view=x.shape[2])
    h = _batch_norm(state, "global_f.4", _linear(state, "global_f.3", h), training)
    return _back_to_views(state, drop(F.relu(h)), x)


def adapt_same(state: State, x: Float[Tensor, "batch view channel"]) -> Seeds:
    """`adapt` in evaluation, of the same shapes for every seed.

    The first layer's normalisation and ratios are folded into its weight: one product for all
    seeds, and none of the passes over (seed, batch, view, channel) that cost as much as it.
    """
    layer, views = "global_f.0.bn", x.shape[1]
    gain = state[f"{layer}.weight"] * (state[f"{layer}.running_var"] + EPS).rsqrt()
    shift = state[f"{layer}.bias"] - gain * state[f"{layer}.running_mean"]
    weight = state["global_f.3.weight"]
    factor = torch.einsum("sv,sc->svc", state["fusion_ratio"], gain).flatten(1)
    folded = rearrange(weight * factor.unsqueeze(1), "seed out feature -> (seed out) feature")
    bias = torch.bmm(weight, shift.repeat(1, views).unsqueeze(2)).squeeze(2)
    h = rearrange(x.flatten(1) @ folded.T, "batch (seed out) -> seed batch out", seed=len(bias))
    h = h + (bias + state["global_f.3.bias"]).unsqueeze(1)
    h = F.relu(_batch_norm(state, "global_f.4", h, training=False))
    return _back_to_views(state, h, x.unsqueeze(0))


def _back_to_views(state: State, h: Tensor, x: Tensor) -> Seeds:
    h = F.relu(_linear(state, "view_f.2", F.relu(_linear(state, "view_f.0", h))))
    h = rearrange(h, "seed batch (view channel) -> seed batch view channel", view=x.shape[2])
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
        found.append(view_weights.search(per_view.cpu().numpy(), labels.cpu().numpy())[0])
    weights = torch.from_numpy(np.stack(found)).to(state["view_weights"])
    return state | {"view_weights": weights}


def _scaled(state: State, features: Tensor) -> Tensor:
    norm = float(state["norm"][0])  # a parameter: the same for all seeds
    return F.normalize(features.float(), dim=-1) * norm if norm else features.float()


class _Linear(torch.autograd.Function):
    """A linear layer for each seed, which writes the gradient of its weight into `into`, if given.

    Autograd alone would make it anew every step, transposed, and copy it: more than all else costs.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, into: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.into = into
        return torch.baddbmm(bias.unsqueeze(1), x, weight.transpose(1, 2))

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, Tensor | None, Tensor, None]:
        x, weight = ctx.saved_tensors
        into = torch.empty_like(weight) if ctx.into is None else ctx.into
        torch.bmm(g.transpose(1, 2), x, out=into)
        return torch.bmm(g, weight), (into if ctx.into is None else None), g.sum(1), None


def _linear(state: State, layer: str, x: Tensor) -> Tensor:
    weight = state[f"{layer}.weight"]
    return _Linear.apply(x, weight, state[f"{layer}.bias"], weight.grad)


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
