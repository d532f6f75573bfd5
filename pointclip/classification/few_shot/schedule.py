"""The schedule of training: batches, learning rate and loss; v1's, for many seeds at once.

Each seed has a random generator of its own, so that its batches do not depend on other seeds.
Tip-Adapter-F has learning rates of its own (`adapters/tip_f.py`).
"""

import math
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from einops import reduce
from jaxtyping import Float, Int
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
    logits: Float[Tensor, "seed batch class"],
    labels: Int[Tensor, "seed batch"],
    smoothing: float = 0.2,
) -> Float[Tensor, " seed"]:
    """Cross entropy with `1 - smoothing` on the labelled class, the rest spread over the others.

    Unlike torch's `label_smoothing`, the labelled class gets nothing of the rest.
    """
    other = smoothing / max(logits.shape[-1] - 1, 1)
    log_probability = F.log_softmax(logits, dim=-1)
    own = log_probability.gather(-1, labels.unsqueeze(-1)).squeeze(-1)
    loss = -(1 - smoothing - other) * own - other * log_probability.sum(-1)
    return reduce(loss, "seed batch -> seed", "mean")


def make_generators(seeds: list[int], device: torch.device) -> list[Generator]:
    """One random generator for each seed."""
    return [Generator(device).manual_seed(seed) for seed in seeds]


def epoch_batches(
    task: FewShotTask, generators: list[Generator], size: int = 32
) -> Iterator[tuple[Float[Tensor, "seed batch view channel"], Int[Tensor, "seed batch"]]]:
    """One epoch in random order; of every shape, one of its augmented copies at random.

    An incomplete last batch is dropped, unless it is the only one (as released).
    """
    device = task.shot_index.device
    copies, shots = len(task.augmented), task.shots
    order = torch.stack([torch.randperm(shots, generator=g, device=device) for g in generators])
    copy = torch.stack(
        [torch.randint(copies, (shots,), generator=g, device=device) for g in generators]
    )
    shape, label = task.shot_index.gather(1, order), task.labels.gather(1, order)
    for start in range(0, max(1, shots // size * size), size):
        batch = slice(start, start + size)
        yield task.augmented[copy[:, batch], shape[:, batch]].float(), label[:, batch]
