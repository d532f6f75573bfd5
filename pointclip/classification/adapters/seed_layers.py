"""Layers and SGD for many seeds at once: every tensor leads with the seed axis.

A training step of the inter-view adapter is so short that what torch does around its products costs
as much as they do. Two tricks avoid that; both are in this file, and benchmarks/README.md has the
measurements:

- The gradient of a big weight is written in place, in the weight's own layout: `SeedSGD` allocates
  `weight.grad` once, and `linear` writes into it. Autograd alone makes a transposed gradient anew
  at every step and copies it, which took 38 % of a step.
- Dropout decides four values by one random number of 64 bits, not by four numbers.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Bool, Float
from torch import Generator, Tensor
from torch.optim.sgd import sgd

from pointclip.classification.adapters.task import State


EPS, MOMENTUM = 1e-5, 0.1  # of batch normalisation


def linear(
    state: State, layer: str, x: Float[Tensor, "seed n feature"]
) -> Float[Tensor, "seed n out"]:
    """A linear layer; its weight's gradient is written into `weight.grad`, if that is allocated."""
    weight = state[f"{layer}.weight"]
    return _Linear.apply(x, weight, state[f"{layer}.bias"], weight.grad)


class _Linear(torch.autograd.Function):
    """`x @ weight.T + bias` for each seed; `into`, if given, receives the gradient of `weight`."""

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


def batch_norm(
    state: State, layer: str, x: Float[Tensor, "seed n channel"], training: bool
) -> Float[Tensor, "seed n channel"]:
    """BatchNorm of each seed by itself: seeds are folded into channels."""
    seeds = len(x)
    mean, variance, weight, bias = (
        state[f"{layer}.{part}"].reshape(-1)
        for part in ("running_mean", "running_var", "weight", "bias")
    )
    folded = rearrange(x, "seed n channel -> n (seed channel)")
    normed = F.batch_norm(folded, mean, variance, weight, bias, training, MOMENTUM, EPS)
    return rearrange(normed, "n (seed channel) -> seed n channel", seed=seeds)


def dropout(
    x: Float[Tensor, "seed *shape"], rate: float, generators: list[Generator]
) -> Float[Tensor, "seed *shape"]:
    """Zero a part `rate` of the values and scale the others up, by each seed's own generator."""
    if not rate:
        return x
    keep = dropout_mask(tuple(x.shape[1:]), rate, generators)
    return x * keep.to(x.dtype).mul_(1 / (1 - rate))


def dropout_mask(
    shape: tuple[int, ...], rate: float, generators: list[Generator]
) -> Bool[Tensor, "seed *shape"]:
    """True where a value stays: where 16 random bits are not below `rate`."""
    count = math.prod(shape)
    device = generators[0].device
    words = torch.empty(len(generators), -(-count // 4), dtype=torch.int64, device=device)
    for row, generator in zip(words, generators, strict=True):
        row.random_(-(2**63), None, generator=generator)
    bits = words.view(torch.int16)[:, :count]
    return (bits >= round(rate * 2**16) - 2**15).reshape(len(generators), *shape)


class SeedSGD:
    """SGD with momentum over some tensors of a state, of all seeds in one call.

    Args:
        trained: names of the tensors that are trained.
        in_place: those of them whose gradient `linear` writes in place.
    """

    def __init__(
        self,
        state: State,
        trained: Sequence[str],
        in_place: Sequence[str],
        momentum: float,
        weight_decay: float,
    ) -> None:
        self._tensors = [state[name].requires_grad_() for name in trained]
        for name in in_place:
            state[name].grad = torch.zeros_like(state[name])
        self._fresh = [state[name] for name in trained if name not in in_place]
        self._buffers: list[Tensor | None] = [None] * len(self._tensors)
        self._momentum, self._weight_decay = momentum, weight_decay

    def step(self, loss: Float[Tensor, ""], rate: float) -> None:
        """Follow the gradient of `loss` at the learning rate `rate`."""
        for tensor in self._fresh:
            tensor.grad = None
        loss.backward()
        with torch.no_grad():
            # The function and not the class, whose first use imports torch's compiler: seconds.
            sgd(
                self._tensors,
                [tensor.grad for tensor in self._tensors if tensor.grad is not None],
                self._buffers,
                lr=rate,
                momentum=self._momentum,
                weight_decay=self._weight_decay,
                dampening=0.0,
                nesterov=False,
                maximize=False,
                fused=True,
            )
