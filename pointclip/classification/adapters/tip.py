"""Tip-Adapter for many views: a cache of the shots, blended with zero-shot, without training."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float, Int
from torch import Tensor

from pointclip.classification.adapters.nearest_mean import concatenated
from pointclip.classification.adapters.task import FewShotTask, State


def states(task: FewShotTask, *, alpha: float = 1.17, beta: float = 1.0) -> Iterator[State]:
    """Fill the cache: as key of a shot the mean over its augmented copies, as value its label."""
    yield cache(task, alpha, beta)


def cache(task: FewShotTask, alpha: float, beta: float) -> State:
    """Keys, values and the source's blending factors."""
    mean = sum(concatenated(copy) for copy in task.bank)
    keys = F.normalize(torch.as_tensor(mean), dim=-1)[task.rows]
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
    shapes: Float[Tensor, "*axes feature"],
    prototypes: Float[Tensor, "label channel"],
    logit_scale: float,
) -> Float[Tensor, "*axes label"]:
    """logit_scale times the mean cosine over views."""
    views = shapes.shape[-1] // prototypes.shape[-1]
    return logit_scale * shapes @ concatenated(prototypes.unsqueeze(1).expand(-1, views, -1)).T


def blended(
    state: State,
    cosine: Float[Tensor, "seed shape shot"],
    text: Float[Tensor, "*seed shape label"],
) -> Float[Tensor, "seed shape label"]:
    """Zero-shot logits plus alpha times what the cache says."""
    beta = rearrange(state["beta"], "seed -> seed 1 1")
    alpha = rearrange(state["alpha"], "seed -> seed 1 1")
    return text + alpha * (beta * (cosine - 1)).exp() @ state["values"]


@torch.no_grad()
def logits(
    state: State,
    features: Float[Tensor, "shape view channel"],
    prototypes: Float[Tensor, "label channel"],
    logit_scale: float,
) -> Float[Tensor, "seed shape label"]:
    """Logits of every seed for the same shapes."""
    shapes = concatenated(features)
    text = zero_shot(shapes, prototypes, logit_scale)
    return blended(state, affinity(state, shapes), text)


@torch.no_grad()
def choose(
    task: FewShotTask,
    state: State,
    features: Float[Tensor, "shape view channel"],
    labels: Int[Tensor, " shape"],
    *,
    search_scale: tuple[float, float] | list[float] = (7.0, 3.0),
    search_steps: tuple[int, int] | list[int] = (200, 20),
) -> State:
    """Alpha and beta from the source's grid: beta outside, alpha inside, the first best pair."""
    shapes = concatenated(features)
    text = zero_shot(shapes, task.prototypes, task.logit_scale)
    cosine = affinity(state, shapes)
    (beta_end, alpha_end), (betas, alphas) = search_scale, search_steps
    best = torch.full_like(state["alpha"], -1)
    chosen = {"alpha": state["alpha"].clone(), "beta": state["beta"].clone()}
    for b in range(betas):
        beta = b * (beta_end - 0.1) / betas + 0.1
        said = (beta * (cosine - 1)).exp() @ state["values"]
        for a in range(alphas):
            alpha = a * (alpha_end - 0.1) / alphas + 0.1
            right = ((text + alpha * said).argmax(-1) == labels).float().mean(-1)
            better = right > best
            best = torch.where(better, right, best)
            chosen["alpha"][better], chosen["beta"][better] = alpha, beta
    return state | chosen
