"""Zero-shot and a linear probe, mixed: a weighted mean of their log-probabilities."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float, Int
from torch import Tensor

from pointclip.classification.adapters import linear_probe, tip
from pointclip.classification.adapters.nearest_mean import concatenated
from pointclip.classification.adapters.task import FewShotTask, State


def states(task: FewShotTask, *, c: float = 100.0, ratio: float = 0.8) -> Iterator[State]:
    """Fit the probe; `ratio` is its share, the rest is zero-shot's."""
    for state in linear_probe.states(task, c=c):
        yield state | {"ratio": torch.full_like(state["c"], ratio)}


@torch.no_grad()
def choose(
    task: FewShotTask,
    state: State,
    features: Float[Tensor, "shape view channel"],
    labels: Int[Tensor, " shape"],
    *,
    steps: int = 20,
) -> State:
    """The probe's own choice first, then its share in steps from 0 to 1; of equals the first."""
    state = state | linear_probe.choose(task, state, features, labels)
    best = torch.full_like(state["ratio"], -1)
    chosen = state["ratio"].clone()
    for step in range(steps + 1):
        trial = state | {"ratio": torch.full_like(chosen, step / steps)}
        scores = logits(trial, features, task.prototypes, task.logit_scale)
        right = (scores.argmax(-1) == labels).float().mean(-1)
        chosen = torch.where(right > best, step / steps, chosen)
        best = torch.maximum(best, right)
    return state | {"ratio": chosen}


def logits(
    state: State,
    features: Float[Tensor, "shape view channel"],
    prototypes: Float[Tensor, "label channel"],
    logit_scale: float,
) -> Float[Tensor, "seed shape label"]:
    """Mixed log-probabilities."""
    probe = F.log_softmax(linear_probe.logits(state, features, prototypes, logit_scale), dim=-1)
    text = F.log_softmax(tip.zero_shot(concatenated(features), prototypes, logit_scale), dim=-1)
    ratio = rearrange(state["ratio"], "seed -> seed 1 1")
    return ratio * probe + (1 - ratio) * text
