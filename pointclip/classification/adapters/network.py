"""The layers of the inter-view adapter, for many seeds at once; a state's tensors define them."""

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from pointclip.classification.adapters.task import State


EPS, MOMENTUM = 1e-5, 0.1
Seeds = Float[Tensor, "seed batch view channel"]


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
