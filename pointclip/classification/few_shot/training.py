"""Training many seeds at once: v1's loss and schedule, and draws that no other seed can disturb."""

import math
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from einops import reduce
from jaxtyping import Bool, Float, Int
from torch import Generator, Tensor

from pointclip.classification.adapters.task import FewShotTask


def learning_rate(
    epoch: int, epochs: int = 250, peak: float = 0.01, warm_up: float = 1e-5
) -> float:
    """The released schedule: one constant warm-up epoch, then a cosine that starts at its peak."""
    if epoch == 0:
        return warm_up
    return 0.5 * peak * (1 + math.cos(math.pi * (epoch - 1) / epochs))


def smoothed_cross_entropy(
    logits: Float[Tensor, "seed batch label"],
    labels: Int[Tensor, "seed batch"],
    smoothing: float = 0.2,
) -> Float[Tensor, " seed"]:
    """Cross entropy against 1 - smoothing for the label and the rest spread over the others.

    Unlike torch's `label_smoothing`, the label's own class takes no part of the rest.
    """
    share = smoothing / (logits.shape[-1] - 1)
    log_probability = F.log_softmax(logits, dim=-1)
    own = log_probability.gather(-1, labels.unsqueeze(-1)).squeeze(-1)
    loss = -(1 - smoothing - share) * own - share * log_probability.sum(-1)
    return reduce(loss, "seed batch -> seed", "mean")


def generators(seeds: list[int], device: torch.device) -> list[Generator]:
    """One generator a seed, so that a seed's draws do not depend on the seeds beside it."""
    return [Generator(device).manual_seed(seed) for seed in seeds]


def epoch_batches(
    task: FewShotTask, draws: list[Generator], size: int = 32
) -> Iterator[tuple[Float[Tensor, "seed batch view channel"], Int[Tensor, "seed batch"]]]:
    """One epoch in random order, every shape as a random one of its augmented copies.

    An incomplete last batch is dropped, unless it is the only one (as released).
    """
    device = task.rows.device
    copies, shots = len(task.bank), task.shots
    order = torch.stack([torch.randperm(shots, generator=g, device=device) for g in draws])
    copy = torch.stack([torch.randint(copies, (shots,), generator=g, device=device) for g in draws])
    row, label = task.rows.gather(1, order), task.labels.gather(1, order)
    for start in range(0, max(1, shots // size * size), size):
        batch = slice(start, start + size)
        yield task.bank[copy[:, batch], row[:, batch]].float(), label[:, batch]


def dropout_mask(
    shape: tuple[int, ...], rate: float, draws: list[Generator]
) -> Bool[Tensor, "seed *shape"]:
    """True where a value stays; drawn from each seed's own generator.

    Sixteen random bits decide a value: a quarter of the draws that one number each would take.
    """
    count = math.prod(shape)
    words = torch.empty(len(draws), -(-count // 4), dtype=torch.int64, device=draws[0].device)
    for row, generator in zip(words, draws, strict=True):
        row.random_(-(2**63), None, generator=generator)
    bits = words.view(torch.int16)[:, :count]
    return (bits >= round(rate * 2**16) - 2**15).reshape(len(draws), *shape)
