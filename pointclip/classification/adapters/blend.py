"""Zero-shot and a linear probe: a weighted mean of their log-probabilities."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from einops import rearrange

from pointclip.catalog.adapters import Blend
from pointclip.classification.adapters import linear_probe, tip
from pointclip.classification.adapters.task import (
    Features,
    FewShotTask,
    Labels,
    Logits,
    Prototypes,
    State,
    concatenate_views,
)


def fit(task: FewShotTask, p: Blend) -> Iterator[State]:
    """Fit the probe; `blend_weight` is its weight, zero-shot has the rest."""
    for state in linear_probe.fit(task, p):
        yield state | {"blend_weight": torch.full_like(state["c"], p.blend_weight)}


@torch.no_grad()
def tune(task: FewShotTask, state: State, features: Features, labels: Labels, p: Blend) -> State:
    """Tune the probe first, then its weight in steps from 0 to 1; ties go to the smallest."""
    state = state | linear_probe.tune(task, state, features, labels, p)
    best = torch.full_like(state["blend_weight"], -1)
    found = state["blend_weight"].clone()
    for step in range(p.steps + 1):
        weight = step / p.steps
        trial = state | {"blend_weight": torch.full_like(found, weight)}
        scores = logits(trial, features, task.prototypes, task.logit_scale)
        correct = (scores.argmax(-1) == labels).float().mean(-1)
        found = torch.where(correct > best, weight, found)
        best = torch.maximum(best, correct)
    return state | {"blend_weight": found}


def logits(state: State, features: Features, prototypes: Prototypes, logit_scale: float) -> Logits:
    """Weighted mean of the log-probabilities."""
    probe = F.log_softmax(linear_probe.logits(state, features, prototypes, logit_scale), dim=-1)
    text = tip.zero_shot(concatenate_views(features), prototypes, logit_scale)
    weight = rearrange(state["blend_weight"], "seed -> seed 1 1")
    return weight * probe + (1 - weight) * F.log_softmax(text, dim=-1)
