"""LP++: a linear probe with a learned weight of the text for each class (Huang et al., CVPR 2024).

Step sizes come from the data alone. Formulas are those of the release
(FereshteShakeri/FewShot-CLIP-Strong-Baseline, methods/linear_probe_p2.py). Two things differ where
the release is accidental: the bias starts at zero instead of at random, and a step of alpha
takes the gradient of its own epoch (see `accumulate`).
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from einops import repeat
from jaxtyping import Float, Int
from torch import Tensor

from pointclip.catalog.adapters import LpPlusPlus
from pointclip.classification.adapters.task import (
    Features,
    FewShotTask,
    Logits,
    Prototypes,
    State,
    concatenate_views,
)


MOMENTUM = 0.9
ALPHA_EVERY = 10  # epochs


def fit(task: FewShotTask, p: LpPlusPlus) -> Iterator[State]:
    """Train on the clean shots and yield the state after every epoch."""
    shots = concatenate_views(task.features)[task.shot_index]
    views = task.features.shape[1]
    text = concatenate_views(
        repeat(task.prototypes, "label channel -> label view channel", view=views)
    )
    yield from train(shots, task.labels, text, p.epochs, p.accumulate)


def train(
    x: Float[Tensor, "seed shot feature"],
    labels: Int[Tensor, "seed shot"],
    text: Float[Tensor, "class feature"],
    epochs: int,
    accumulate: bool = False,
    bias: Float[Tensor, "seed class"] | None = None,
) -> Iterator[State]:
    """Full-batch steps of weight and bias in every epoch, of alpha in every tenth.

    Args:
        accumulate: as the release: a step of alpha takes the sum of the gradients of all epochs so
            far, because only the classifier's gradients are set to zero.
        bias: what it starts from; zero if None.
    """
    seeds, shots, _ = x.shape
    onehot = F.one_hot(labels, len(text)).to(x)
    cosine = x @ text.T  # (seed, shot, class)
    weight = onehot.mT @ x  # the sum of each class's shots
    bias = x.new_zeros(seeds, len(text)) if bias is None else bias.clone()
    own = (onehot * cosine).sum(1) / onehot.sum(1).clamp_min(1)
    alpha = (250 * own.mean(1, keepdim=True)).expand(-1, len(text)).clone()
    # 4 N over the largest eigenvalue of X'X; a small floor keeps features of zeros finite.
    norms = torch.linalg.matrix_norm(x, ord=2).square().clamp_min(1e-12)
    rate_w = (4 * shots / norms).view(-1, 1, 1)
    rate_a = shots / (4 * cosine.square().sum(1).amax(1, keepdim=True).clamp_min(1e-12))
    speed_w, speed_b = torch.zeros_like(weight), torch.zeros_like(bias)
    total = torch.zeros_like(alpha)
    for epoch in range(epochs):
        scores = x @ weight.mT + bias.unsqueeze(1) + alpha.unsqueeze(1) * cosine
        error = (scores.softmax(-1) - onehot) / shots  # gradient of the mean cross-entropy
        slope = (error * cosine).sum(1)
        total = total + slope if accumulate else slope
        speed_w = MOMENTUM * speed_w + error.mT @ x
        speed_b = MOMENTUM * speed_b + error.sum(1)
        weight = weight - rate_w * speed_w
        bias = bias - rate_w.squeeze(-1) * speed_b
        if (epoch + 1) % ALPHA_EVERY == 0:
            alpha = alpha - rate_a * total
        yield {"weight": weight, "bias": bias, "alpha": alpha}


@torch.no_grad()
def logits(state: State, features: Features, prototypes: Prototypes, logit_scale: float) -> Logits:
    """x w + b + alpha * cosine with the prototype; `alpha` plays the part of the logit scale."""
    shapes = concatenate_views(features)
    views = features.shape[1]
    text = concatenate_views(repeat(prototypes, "label channel -> label view channel", view=views))
    probe = torch.einsum("nf,skf->snk", shapes, state["weight"]) + state["bias"].unsqueeze(1)
    return probe + state["alpha"].unsqueeze(1) * (shapes @ text.T)
