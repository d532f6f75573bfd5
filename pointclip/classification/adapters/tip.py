"""Tip-Adapter for many views: a cache of the shots, blended with zero-shot, without training."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from pointclip.catalog.adapters import Tip, TipF
from pointclip.classification.adapters.task import (
    Features,
    FewShotTask,
    Labels,
    Logits,
    Prototypes,
    State,
    concatenate_views,
)


def fit(task: FewShotTask, p: Tip) -> Iterator[State]:
    """Fill the cache: a shot's key is the mean of its augmented copies, its value the label."""
    yield make_cache(task, p.alpha, p.beta)


def make_cache(task: FewShotTask, alpha: float, beta: float) -> State:
    """Keys, values and the source's blending factors."""
    total = sum(concatenate_views(copy) for copy in task.augmented)
    keys = F.normalize(torch.as_tensor(total), dim=-1)[task.shot_index]
    values = F.one_hot(task.labels, len(task.prototypes)).float()
    factor = torch.ones(len(task.seeds), device=keys.device)
    return {"keys": keys, "values": values, "alpha": alpha * factor, "beta": beta * factor}


def affinity(
    state: State, shapes: Float[Tensor, "shape feature"]
) -> Float[Tensor, "seed shape shot"]:
    """Cosine of every shape with every key."""
    keys = rearrange(state["keys"], "seed shot feature -> (seed shot) feature")
    return rearrange(
        shapes @ keys.T, "shape (seed shot) -> seed shape shot", seed=len(state["keys"])
    )


def zero_shot(
    shapes: Float[Tensor, "*axes feature"], prototypes: Prototypes, logit_scale: float
) -> Float[Tensor, "*axes class"]:
    """logit_scale times the mean cosine over views."""
    views = shapes.shape[-1] // prototypes.shape[-1]
    repeated = prototypes.unsqueeze(1).expand(-1, views, -1)
    return logit_scale * shapes @ concatenate_views(repeated).T


def add_cache(
    state: State, cosine: Float[Tensor, "seed shape shot"], text: Float[Tensor, "*seed shape class"]
) -> Logits:
    """Zero-shot logits plus alpha times the cache's logits."""
    beta = rearrange(state["beta"], "seed -> seed 1 1")
    alpha = rearrange(state["alpha"], "seed -> seed 1 1")
    return text + alpha * (beta * (cosine - 1)).exp() @ state["values"]


@torch.no_grad()
def logits(state: State, features: Features, prototypes: Prototypes, logit_scale: float) -> Logits:
    """Logits of every seed for the same shapes."""
    shapes = concatenate_views(features)
    text = zero_shot(shapes, prototypes, logit_scale)
    return add_cache(state, affinity(state, shapes), text)


@torch.no_grad()
def tune(
    task: FewShotTask, state: State, features: Features, labels: Labels, p: Tip | TipF
) -> State:
    """Search alpha and beta on the source's grid, beta outside; ties go to the first pair."""
    shapes = concatenate_views(features)
    text = zero_shot(shapes, task.prototypes, task.logit_scale)
    cosine = affinity(state, shapes)
    (beta_end, alpha_end), (betas, alphas) = p.search_scale, p.search_steps
    best = torch.full_like(state["alpha"], -1)
    found = {"alpha": state["alpha"].clone(), "beta": state["beta"].clone()}
    for b in range(betas):
        beta = b * (beta_end - 0.1) / betas + 0.1
        cache = (beta * (cosine - 1)).exp() @ state["values"]
        for a in range(alphas):
            alpha = a * (alpha_end - 0.1) / alphas + 0.1
            correct = ((text + alpha * cache).argmax(-1) == labels).float().mean(-1)
            better = correct > best
            best = torch.where(better, correct, best)
            found["alpha"][better], found["beta"][better] = alpha, beta
    return state | found
