"""ProKeR: kernel ridge regression of what zero-shot lacks (Bendou et al., CVPR 2025).

Formulas are those of the release (trainers/proker.py): cosines without a factor of 100, and the
correction times the ridge, A = ((1/ridge) K + I)^-1 (Y - Z), where the textbook has
(K + ridge I)^-1 (Y - Z). The textbook's form is the method `kernel_ridge`.
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from pointclip.catalog.adapters import Proker
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


# Shots -> beta and ridge that the release found on ImageNet; other numbers take the nearest below.
IMAGENET = {1: (3.0, 0.05), 2: (2.6, 0.05), 4: (1.5, 0.05), 8: (1.66, 0.07), 16: (1.7, 0.1)}


def kernel(
    a: Float[Tensor, "... left feature"], b: Float[Tensor, "... right feature"], beta: float
) -> Float[Tensor, "... left right"]:
    """exp(-beta (1 - cosine)) of unit vectors."""
    return (beta * (a @ b.mT - 1)).exp_()


def dual(
    keys: Float[Tensor, "*seed sample feature"],
    missing: Float[Tensor, "*seed sample class"],
    beta: float,
    ridge: float,
) -> Float[Tensor, "*seed sample class"]:
    """Coefficients of the kernel expansion that corrects zero-shot, by the textbook's formula.

    Args:
        missing: one-hot labels less zero-shot cosines.
    """
    system = kernel(keys, keys, beta)
    system.diagonal(dim1=-2, dim2=-1).add_(ridge)
    return torch.linalg.solve(system, missing)


def fit(task: FewShotTask, p: Proker) -> Iterator[State]:
    """Solve for the clean shots, with the release's numbers for ImageNet where none are given."""
    each = max(1, task.shots // len(task.prototypes))
    beta, ridge = IMAGENET[max(shots for shots in IMAGENET if shots <= each)]
    beta, ridge = p.beta or beta, p.ridge or ridge
    yield solve(task, beta, ridge, factor=ridge)


def solve(task: FewShotTask, beta: float, ridge: float, factor: float = 1.0) -> State:
    """A state with the textbook's coefficients times `factor`."""
    keys, missing = _keys(task), _missing(task)
    found = factor * dual(keys, missing, beta, ridge)
    return {"keys": keys, "dual": found, "beta": found.new_full((len(keys),), beta)}


def tune(task: FewShotTask, state: State, features: Features, labels: Labels, p: Proker) -> State:
    """Per seed the first best pair of the grid, `betas` outside and `ridges` inside."""
    return search(task, state, features, labels, p.betas, p.ridges, textbook=False)


@torch.no_grad()
def search(
    task: FewShotTask,
    state: State,
    features: Features,
    labels: Labels,
    betas: tuple[float, ...],
    ridges: tuple[float, ...],
    textbook: bool,
) -> State:
    """The state with the first best pair; the eigenvectors of one beta serve all ridges."""
    shapes = concatenate_views(features)
    text, missing = zero_shot(shapes, task.prototypes, 1.0), _missing(task)
    keys, best = state["keys"], torch.full_like(state["beta"], -1)
    found, chosen = state["dual"].clone(), state["beta"].clone()
    for beta in betas:
        values, vectors = torch.linalg.eigh(kernel(keys, keys, beta))
        turned, near = vectors.mT @ missing, kernel(shapes, keys, beta)
        for ridge in ridges:
            trial = vectors @ (turned / (values.unsqueeze(-1) + ridge))
            trial = trial if textbook else ridge * trial
            correct = ((text + near @ trial).argmax(-1) == labels).float().mean(-1)
            better = correct > best
            best = torch.where(better, correct, best)
            found[better], chosen[better] = trial[better], beta
    return state | {"dual": found, "beta": chosen}


@torch.no_grad()
def logits(state: State, features: Features, prototypes: Prototypes, logit_scale: float) -> Logits:
    """Zero-shot cosines plus the correction, times `logit_scale`."""
    shapes = concatenate_views(features)
    near = (rearrange(state["beta"], "seed -> seed 1 1") * (shapes @ state["keys"].mT - 1)).exp_()
    return logit_scale * (zero_shot(shapes, prototypes, 1.0) + near @ state["dual"])


def _keys(task: FewShotTask) -> Float[Tensor, "seed shot feature"]:
    return concatenate_views(task.features)[task.shot_index]


def _missing(task: FewShotTask) -> Float[Tensor, "seed shot class"]:
    keys = _keys(task)
    onehot = F.one_hot(task.labels, len(task.prototypes)).to(keys)
    return onehot - zero_shot(keys, task.prototypes, 1.0)
