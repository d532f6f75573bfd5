"""PointCLIP's inter-view adapter, exactly as released, for many seeds at once.

The names in the state are those of the released checkpoint, with a seed axis in front.
"""

import math
from collections.abc import Callable, Iterator

import numpy as np
import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float
from torch import Generator, Tensor

from pointclip.catalog.adapters import InterView
from pointclip.classification import view_weights
from pointclip.classification.adapters.seed_layers import (
    EPS,
    SeedSGD,
    batch_norm,
    dropout,
    linear,
)
from pointclip.classification.adapters.task import (
    Features,
    FewShotTask,
    Labels,
    Logits,
    Prototypes,
    State,
)
from pointclip.classification.few_shot.schedule import (
    epoch_batches,
    learning_rate,
    make_generators,
    smoothed_cross_entropy,
)
from pointclip.core.errors import UserError


TRAINED = [
    "fusion_ratio",
    *(f"global_f.{layer}.{part}" for layer in ("0.bn", "3", "4") for part in ("weight", "bias")),
    *(f"view_f.{layer}.{part}" for layer in ("0", "2") for part in ("weight", "bias")),
]
BIG = ["global_f.3.weight", "view_f.0.weight", "view_f.2.weight"]
Adapted = Float[Tensor, "seed batch view channel"]


def fit(task: FewShotTask, p: InterView) -> Iterator[State]:
    """Train as released and yield the state after every epoch (the same tensors, updated).

    With `p.norm`, every view's feature is scaled to this length first. The release does not; but
    its learning rates suit the length of OpenAI's features (about 10), and what the adapter adds is
    lost in features that are much longer. `p.scale` of the logits is that of OpenAI's backbones, as
    released, and not the backbone's own: with a smaller one hardly anything is learned.
    """
    if task.shots < 2:
        raise UserError("The inter_view adapter normalises over a batch: give it two shapes.")
    _, _, views, channels = task.augmented.shape
    generators = make_generators(task.seeds, task.augmented.device)
    state = init_params(views, channels, p.ratio, generators)
    state["norm"].fill_(p.norm or 0)
    state["scale"].fill_(p.scale)
    optimiser = SeedSGD(state, TRAINED, BIG, p.momentum, p.weight_decay)

    def drop(x: Tensor) -> Tensor:
        return dropout(x, p.dropout, generators)

    for epoch in range(p.epochs):
        rate = learning_rate(epoch, p.epochs, peak=p.lr)
        for features, labels in epoch_batches(task, generators, p.batch):
            adapted = adapt(state, _scaled(state, features), drop, training=True)
            scores = classify(adapted, task.prototypes, p.scale)
            optimiser.step(smoothed_cross_entropy(scores, labels, p.smoothing).sum(), rate)
        state["epoch"].fill_(epoch)
        yield {name: tensor.detach() for name, tensor in state.items()}


def init_params(views: int, channels: int, ratio: float, generators: list[Generator]) -> State:
    """Fresh weights as torch initialises them, from each seed's own generator."""
    device, seeds = generators[0].device, len(generators)

    def uniform(*shape: int, fan_in: int) -> Tensor:
        bound = 1 / math.sqrt(fan_in)
        parts = [torch.rand(shape, generator=g, device=device) for g in generators]
        return (2 * torch.stack(parts) - 1) * bound

    def constant(value: float | int, *shape: int) -> Tensor:
        return torch.full((seeds, *shape), float(value), device=device)

    wide = views * channels
    state = {
        "fusion_ratio": constant(0.5, views),
        "global_f.3.weight": uniform(channels, wide, fan_in=wide),
        "global_f.3.bias": uniform(channels, fan_in=wide),
        "view_f.0.weight": uniform(channels, channels, fan_in=channels),
        "view_f.0.bias": uniform(channels, fan_in=channels),
        "view_f.2.weight": uniform(wide, channels, fan_in=channels),
        "view_f.2.bias": uniform(wide, fan_in=channels),
        "ratio": constant(ratio),
        "epoch": constant(-1),
        "norm": constant(0),
        "scale": constant(1),
        "view_weights": constant(1, views),
    }
    for layer in ("global_f.0.bn", "global_f.4"):
        state |= {f"{layer}.weight": constant(1, channels), f"{layer}.bias": constant(0, channels)}
        state |= {f"{layer}.running_mean": constant(0, channels)}
        state |= {f"{layer}.running_var": constant(1, channels)}
    return state


def adapt(
    state: State,
    x: Adapted,
    drop: Callable[[Tensor], Tensor] | None = None,
    training: bool = False,
) -> Adapted:
    """Mix every view's feature with a feature computed from all views together."""
    drop = drop or (lambda h: h)
    h = x * rearrange(state["fusion_ratio"], "seed view -> seed 1 view 1")
    h = rearrange(h, "seed batch view channel -> seed (batch view) channel")
    h = drop(batch_norm(state, "global_f.0.bn", h, training))
    h = rearrange(h, "seed (batch view) channel -> seed batch (view channel)", view=x.shape[2])
    h = batch_norm(state, "global_f.4", linear(state, "global_f.3", h), training)
    return _back_to_views(state, drop(F.relu(h)), x)


def adapt_same(state: State, x: Float[Tensor, "batch view channel"]) -> Adapted:
    """`adapt` in evaluation, of the same shapes for every seed.

    The first layer's normalisation and ratios are folded into its weight: one product serves all
    seeds, and no pass over (seed, batch, view, channel) is needed, which costs as much.
    """
    layer, views = "global_f.0.bn", x.shape[1]
    gain = state[f"{layer}.weight"] * (state[f"{layer}.running_var"] + EPS).rsqrt()
    shift = state[f"{layer}.bias"] - gain * state[f"{layer}.running_mean"]
    weight = state["global_f.3.weight"]
    factor = torch.einsum("sv,sc->svc", state["fusion_ratio"], gain).flatten(1)
    folded = rearrange(weight * factor.unsqueeze(1), "seed out feature -> (seed out) feature")
    bias = torch.bmm(weight, shift.repeat(1, views).unsqueeze(2)).squeeze(2)
    h = rearrange(x.flatten(1) @ folded.T, "batch (seed out) -> seed batch out", seed=len(bias))
    h = h + (bias + state["global_f.3.bias"]).unsqueeze(1)
    h = F.relu(batch_norm(state, "global_f.4", h, training=False))
    return _back_to_views(state, h, x.unsqueeze(0))


def _back_to_views(state: State, h: Tensor, x: Tensor) -> Adapted:
    h = F.relu(linear(state, "view_f.2", F.relu(linear(state, "view_f.0", h))))
    h = rearrange(h, "seed batch (view channel) -> seed batch view channel", view=x.shape[2])
    return torch.lerp(x, h, rearrange(state["ratio"], "seed -> seed 1 1 1"))


def classify(
    adapted: Adapted,
    prototypes: Prototypes,
    logit_scale: float,
    weights: Float[Tensor, "seed view"] | None = None,
) -> Float[Tensor, "seed batch class"]:
    """Compare the normalised concatenation of views with the prototype repeated for each view."""
    text = F.normalize(prototypes, dim=-1) / math.sqrt(adapted.shape[2])
    length = torch.linalg.vector_norm(adapted, dim=(2, 3)).clamp_min(1e-12).unsqueeze(-1)
    if weights is not None:
        adapted = adapted * rearrange(weights, "seed view -> seed 1 view 1")
    # The prototype is the same in every view: add the views up before the product.
    return logit_scale * (adapted.sum(2) / length) @ text.T


@torch.no_grad()
def logits(state: State, features: Features, prototypes: Prototypes, logit_scale: float) -> Logits:
    """Logits of every seed for the same shapes; the scale is that of training."""
    adapted = adapt_same(state, _scaled(state, features))
    return classify(adapted, prototypes, float(state["scale"][0]), state["view_weights"])


@torch.no_grad()
def tune(
    task: FewShotTask, state: State, features: Features, labels: Labels, p: InterView
) -> State:
    """With `p.search_views`: the view weights (v1's post-search) with the highest accuracy."""
    if not p.search_views:
        return state
    text = F.normalize(task.prototypes, dim=-1)
    found = []
    for adapted in adapt_same(state, _scaled(state, features)):
        per_view = adapted @ text.T
        known = per_view.cpu().numpy(), labels.cpu().numpy()
        found.append(view_weights.grid_search(*known, threads=torch.get_num_threads())[0])
    weights = torch.from_numpy(np.stack(found)).to(state["view_weights"])
    return state | {"view_weights": weights}


def _scaled(state: State, features: Tensor) -> Tensor:
    norm = float(state["norm"][0])  # a hyper-parameter: the same for all seeds
    return F.normalize(features.float(), dim=-1) * norm if norm else features.float()
