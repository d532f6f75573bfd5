"""CLAP: a linear probe that starts at the text and is held there class by class.

Silva-Rodriguez et al., CVPR 2024; formulas and schedule are those of the release (jusiro/CLAP,
trainers/adapters.py). Without the penalty it is ZS-LP (see `zs_lp`).
"""

from collections.abc import Iterator, Sequence

import torch
import torch.nn.functional as F
from einops import rearrange, repeat
from jaxtyping import Float, Int
from torch import Generator, Tensor

from pointclip.catalog.adapters import Clap, ZsLp
from pointclip.classification.adapters.task import (
    Features,
    FewShotTask,
    Logits,
    Prototypes,
    State,
    concatenate_views,
)
from pointclip.classification.few_shot.schedule import learning_rate, make_generators


MOMENTUM, WARM_UP = 0.9, 1e-5


def fit(task: FewShotTask, p: Clap) -> Iterator[State]:
    """Train with the penalty of each class weighed by how well zero-shot knows its shots."""
    yield from train(task, p, penalised=True)


def train(task: FewShotTask, p: Clap | ZsLp, penalised: bool) -> Iterator[State]:
    """SGD over augmented copies of the shots; yields the weights after every epoch.

    An epoch has as many batches as the shots without their copies would fill, at least one. The
    weights begin with the length that the text encoder gives its features, which the rates suit.
    """
    views = task.augmented.shape[2]
    text = concatenate_views(
        repeat(task.prototypes, "label channel -> label view channel", view=views)
    )
    bank = rearrange(task.augmented, "copy shape view channel -> (copy shape) view channel")
    copies, shapes = task.augmented.shape[:2]
    offset = shapes * torch.arange(copies, device=task.shot_index.device).view(1, -1, 1)
    rows = (task.shot_index.unsqueeze(1) + offset).flatten(1)  # (seed, copy * shot)
    labels = repeat(task.labels, "seed shot -> seed (copy shot)", copy=copies)
    weight = (task.text_norm * text).repeat(len(task.seeds), 1, 1)
    strength = weight.new_zeros(len(task.seeds), len(text))
    if penalised:
        strength = torch.stack(
            [
                class_certainty(concatenate_views(bank[r]), k, text, task.logit_scale)
                for r, k in zip(rows, labels, strict=True)
            ]
        )
    speed = torch.zeros_like(weight)
    generators = make_generators(task.seeds, task.augmented.device)
    start = weight.clone()
    for epoch in range(p.epochs):
        rate = learning_rate(epoch, p.epochs, peak=p.lr, warm_up=WARM_UP)
        for part in _batches(rows.shape[1], max(1, task.shots // p.batch), p.batch, generators):
            x = concatenate_views(bank[rows.gather(1, part)])
            gradient = slope(weight, x, labels.gather(1, part), start, strength, task.logit_scale)
            speed = MOMENTUM * speed + gradient
            weight = weight - rate * speed
        yield {"weight": weight}


def slope(
    weight: Float[Tensor, "seed class feature"],
    x: Float[Tensor, "seed batch feature"],
    labels: Int[Tensor, "seed batch"],
    start: Float[Tensor, "seed class feature"],
    strength: Float[Tensor, "seed class"],
    scale: float,
) -> Float[Tensor, "seed class feature"]:
    """Gradient of the mean cross-entropy of scale * x u(w) plus mean_k strength_k |w_k - t_k|^2."""
    length = weight.norm(dim=-1, keepdim=True).clamp_min(1e-12)
    unit = weight / length
    error = (scale * x @ unit.mT).softmax(-1) - F.one_hot(labels, weight.shape[1]).to(x)
    along = scale / x.shape[1] * error.mT @ x  # gradient by the unit weight
    across = (along - unit * (along * unit).sum(-1, keepdim=True)) / length
    return across + 2 / weight.shape[1] * strength.unsqueeze(-1) * (weight - start)


def class_certainty(
    x: Float[Tensor, "sample feature"],
    labels: Int[Tensor, " sample"],
    text: Float[Tensor, "class feature"],
    scale: float,
) -> Float[Tensor, " class"]:
    """Mean zero-shot probability of its own class over each class's samples."""
    said = (scale * x @ text.T).softmax(-1)
    member = F.one_hot(labels, len(text)).to(said)
    return (member * said).sum(0) / member.sum(0).clamp_min(1)


def _batches(
    count: int, steps: int, size: int, generators: Sequence[Generator]
) -> Iterator[Int[Tensor, "seed batch"]]:
    order = torch.stack([torch.randperm(count, generator=g, device=g.device) for g in generators])
    for step in range(steps):
        yield order[:, step * size : (step + 1) * size]


@torch.no_grad()
def logits(state: State, features: Features, prototypes: Prototypes, logit_scale: float) -> Logits:
    """logit_scale times the cosine with the trained weights; the text is only where they start."""
    unit = F.normalize(state["weight"], dim=-1)
    return logit_scale * torch.einsum("nf,skf->snk", concatenate_views(features), unit)
