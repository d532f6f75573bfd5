"""APE, training-free: a cache of the shots in the channels that tell classes apart best.

Zhu et al., ICCV 2023; formulas are those of the release (yangyangyang127/APE, main.py, utils.py).
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from einops import rearrange, repeat
from jaxtyping import Float, Int
from torch import Tensor

from pointclip.catalog.adapters import Ape
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


def channel_scores(
    text: Float[Tensor, "class feature"],
    shots: Float[Tensor, "shot feature"],
    labels: Int[Tensor, " shot"],
    similarity_weight: float,
    variance_weight: float,
) -> Float[Tensor, " feature"]:
    """How well each channel tells classes apart: small similarity between classes, large variance.

    Similarity is the mean, over ordered pairs of classes, of the product of their means, where a
    class has its prototype and its shots as members; variance is that of the prototypes.
    """
    classes = len(text)
    if classes < 2:
        return torch.zeros_like(text[0])
    member = F.one_hot(labels, classes).to(shots)
    means = (text + member.T @ shots) / (1 + member.sum(0)).unsqueeze(1)
    similarity = (means.sum(0).square() - means.square().sum(0)) / (classes * (classes - 1))
    return variance_weight * text.var(0) - similarity_weight * similarity


def divergence(
    keys: Float[Tensor, "shot feature"],
    text: Float[Tensor, "class feature"],
    labels: Int[Tensor, " shot"],
) -> Float[Tensor, " shot"]:
    """log2 of how much less than certain zero-shot is of a shot's own class; no temperature."""
    onehot = F.one_hot(labels, len(text)).to(keys)
    said = (keys @ text.T).softmax(1)
    return (onehot * torch.log2((onehot + 1e-6) / (said + 1e-6))).sum(1)


def fit(task: FewShotTask, p: Ape) -> Iterator[State]:
    """Choose `fraction` of the channels and fill the cache with the mean of each shot's copies."""
    mean = sum(concatenate_views(copy) for copy in task.augmented)
    shots = F.normalize(torch.as_tensor(mean), dim=-1)
    views = task.augmented.shape[2]
    text = concatenate_views(
        repeat(task.prototypes, "label channel -> label view channel", view=views)
    )
    count = max(1, round(p.fraction * shots.shape[1]))
    parts: dict[str, list[Tensor]] = {"channels": [], "keys": [], "divergence": []}
    for rows, labels in zip(task.shot_index, task.labels, strict=True):
        scores = channel_scores(text, shots[rows], labels, p.similarity_weight, p.variance_weight)
        channels = scores.topk(count).indices
        keys, words = (F.normalize(x[:, channels], dim=-1) for x in (shots[rows], text))
        parts["channels"].append(channels)
        parts["keys"].append(keys)
        parts["divergence"].append(divergence(keys, words, labels))
    state = {name: torch.stack(tensors) for name, tensors in parts.items()}
    factor = state["keys"].new_ones(len(task.seeds))
    yield state | {
        "values": F.one_hot(task.labels, len(task.prototypes)).to(shots),
        "alpha": p.alpha * factor,
        "beta": p.beta * factor,
        "gamma": p.gamma * factor,
    }


@torch.no_grad()
def logits(state: State, features: Features, prototypes: Prototypes, logit_scale: float) -> Logits:
    """Zero-shot logits of all channels plus `alpha` times what the cache says."""
    shapes = concatenate_views(features)
    text = zero_shot(shapes, prototypes, logit_scale)
    alpha, beta, gamma = (rearrange(state[n], "s -> s 1 1") for n in ("alpha", "beta", "gamma"))
    return text + alpha * cache_logits(state, shapes, beta, gamma)


def cache_logits(
    state: State,
    shapes: Float[Tensor, "shape feature"],
    beta: Float[Tensor, "seed 1 1"] | float,
    gamma: Float[Tensor, "seed 1 1"] | float,
) -> Logits:
    """What the cache says: kernel of the chosen channels times labels, weighed by divergence."""
    values = state["values"] * (gamma * state["divergence"].unsqueeze(-1)).exp()
    return (beta * (_cosine(state, shapes) - 1)).exp() @ values


@torch.no_grad()
def tune(task: FewShotTask, state: State, features: Features, labels: Labels, p: Ape) -> State:
    """The source's grid, `beta` outside, `alpha`, then `gamma` inside; the first best wins.

    The source takes 200, 20 and 20 steps; a coarser grid costs a twentieth.
    """
    shapes = concatenate_views(features)
    text = zero_shot(shapes, task.prototypes, task.logit_scale)
    cosine = _cosine(state, shapes)
    (beta_end, alpha_end, gamma_end), (betas, alphas, gammas) = p.search_scale, p.search_steps
    best = torch.full_like(state["alpha"], -1)
    chosen = {name: state[name].clone() for name in ("alpha", "beta", "gamma")}
    weight = [(k * gamma_end / gammas * state["divergence"]).exp() for k in range(gammas)]
    for b in range(betas):
        beta = 0.1 + b * (beta_end - 0.1) / betas
        near = (beta * (cosine - 1)).exp()
        said = [near @ (state["values"] * w.unsqueeze(-1)) for w in weight]
        for a in range(alphas):
            alpha = 0.1 + a * (alpha_end - 0.1) / alphas
            for g, cache in enumerate(said):
                right = ((text + alpha * cache).argmax(-1) == labels).float().mean(-1)
                better = right > best
                best = torch.where(better, right, best)
                for name, value in (
                    ("alpha", alpha),
                    ("beta", beta),
                    ("gamma", g * gamma_end / gammas),
                ):
                    chosen[name][better] = value
    return state | chosen


def _cosine(
    state: State, shapes: Float[Tensor, "shape feature"]
) -> Float[Tensor, "seed shape shot"]:
    """Cosine with every key in the channels of each seed."""
    chosen = zip(state["channels"], state["keys"], strict=True)
    return torch.stack([F.normalize(shapes[:, c], dim=-1) @ keys.T for c, keys in chosen])
