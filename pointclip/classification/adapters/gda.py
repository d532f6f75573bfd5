"""Gaussian discriminant analysis beside zero-shot (Wang et al., ICLR 2024).

One Gaussian a class with a covariance common to all classes gives a linear classifier in closed
form. Formulas are those of the release (mrflogs/ICLR24, main_few_shots.py).
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from einops import rearrange, repeat
from jaxtyping import Float, Int
from torch import Tensor

from pointclip.catalog.adapters import Gda
from pointclip.classification.adapters.task import (
    Features,
    FewShotTask,
    Labels,
    Logits,
    Prototypes,
    State,
    concatenate_views,
)
from pointclip.classification.adapters.tip import zero_shot


def fit(task: FewShotTask, p: Gda) -> Iterator[State]:
    """Fit on all augmented copies of the shots; `alpha` weighs the result beside zero-shot."""
    classes = len(task.prototypes)
    fits = [discriminant(*sample, classes) for sample in samples(task)]
    weight, bias = (torch.stack(part) for part in zip(*fits, strict=True))
    yield {"weight": weight, "bias": bias, "alpha": bias.new_full((len(bias),), p.alpha)}


def samples(
    task: FewShotTask,
) -> Iterator[tuple[Float[Tensor, "sample feature"], Int[Tensor, " sample"]]]:
    """Per seed all augmented copies of its shots, each a sample."""
    for rows, labels in zip(task.shot_index, task.labels, strict=True):
        copies = concatenate_views(task.augmented[:, rows])
        yield copies.flatten(0, 1), repeat(labels, "shot -> (copy shot)", copy=len(copies))


def discriminant(
    x: Float[Tensor, "sample feature"], labels: Int[Tensor, " sample"], classes: int
) -> tuple[Float[Tensor, "feature class"], Float[Tensor, " class"]]:
    """Weight and bias of the linear classifier x W + b.

    W = d (R'R + tr(S) I)^-1 mu' and b = ln(1/C) - mu W / 2, with d features, C classes, the class
    means mu, the residuals R and their covariance S = R'R / (N - 1). Where residuals vanish (one
    sample a class) nothing is known of the covariance, and W is zero.
    """
    member = F.one_hot(labels, classes).to(x)
    means = (member.T @ x) / member.sum(0).clamp_min(1).unsqueeze(1)
    residuals = x - means[labels]
    ridge = residuals.square().sum() / max(len(x) - 1, 1)
    features = x.shape[1]
    if ridge <= torch.finfo(x.dtype).eps ** 2:
        weight = torch.zeros_like(means.T)
    elif len(x) < features:  # the same inverse through a matrix of samples (Woodbury)
        gram = residuals @ residuals.T
        gram.diagonal().add_(ridge)
        known = residuals.T @ torch.linalg.solve(gram, residuals @ means.T)
        weight = (means.T - known) * (features / ridge)
    else:
        scatter = residuals.T @ residuals
        scatter.diagonal().add_(ridge)
        weight = features * torch.linalg.solve(scatter, means.T)
    bias = -torch.log(x.new_tensor(classes)) - 0.5 * (means.T * weight).sum(0)
    return weight, bias


@torch.no_grad()
def logits(state: State, features: Features, prototypes: Prototypes, logit_scale: float) -> Logits:
    """Zero-shot logits plus `alpha` times the discriminant."""
    shapes = concatenate_views(features)
    alpha = rearrange(state["alpha"], "seed -> seed 1 1")
    return zero_shot(shapes, prototypes, logit_scale) + alpha * linear(state, shapes)


def linear(state: State, shapes: Float[Tensor, "shape feature"]) -> Logits:
    """What the discriminant says by itself."""
    return torch.einsum("nf,sfk->snk", shapes, state["weight"]) + state["bias"].unsqueeze(1)


@torch.no_grad()
def tune(task: FewShotTask, state: State, features: Features, labels: Labels, p: Gda) -> State:
    """Per seed the `alpha` of the grid with the highest accuracy; ties go to the first."""
    shapes = concatenate_views(features)
    text, fit = zero_shot(shapes, task.prototypes, task.logit_scale), linear(state, shapes)
    accuracy = torch.stack(
        [((text + alpha * fit).argmax(-1) == labels).float().mean(-1) for alpha in p.grid]
    )
    best = accuracy.cpu().numpy().argmax(0)  # numpy takes the first of equals
    return state | {"alpha": state["alpha"].new_tensor([p.grid[i] for i in best])}
