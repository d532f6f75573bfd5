"""TIMO: text and image guide each other before a discriminant is fitted (Li et al., AAAI 2025).

Formulas are those of the release (lyymuwu/TIMO, models.py). The class's sentences are needed one by
one; all classes use as many as the class with the fewest has.
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from einops import rearrange, repeat
from jaxtyping import Float, Int
from torch import Tensor

from pointclip.catalog.adapters import Timo
from pointclip.classification.adapters import gda
from pointclip.classification.adapters.task import (
    Features,
    FewShotTask,
    Labels,
    Logits,
    Prototypes,
    State,
    concatenate_views,
)
from pointclip.core.errors import UserError


Images = Float[Tensor, "class feature"]
Sentences = Float[Tensor, "class sentence feature"]


def guide_text(
    images: Images, sentences: Sentences, gamma: float
) -> Float[Tensor, "class feature"]:
    """Weigh each class's sentences by how well they match its shots; the mean has unit length."""
    match = F.normalize(matches(images, sentences), dim=1)
    weights = (gamma * match).softmax(1)
    return F.normalize(torch.einsum("kp,kpf->kf", weights, sentences), dim=-1)


def guide_images(
    images: Images, sentences: Sentences, count: int
) -> tuple[Float[Tensor, "sample feature"], Int[Tensor, " sample"]]:
    """The class's `count` best matching sentences as samples, each times its cosine.

    The list of sentences starts over once when `count` is larger than their number.
    """
    match = matches(images, sentences)
    order = match.argsort(dim=1, descending=True, stable=True).repeat(1, 2)[:, :count]
    index = order.unsqueeze(-1).expand(-1, -1, sentences.shape[-1])
    extra = match.gather(1, order).unsqueeze(-1) * sentences.gather(1, index)
    labels = torch.arange(len(images), device=images.device).repeat_interleave(order.shape[1])
    return extra.flatten(0, 1), labels


def matches(images: Images, sentences: Sentences) -> Float[Tensor, "class sentence"]:
    """Cosine of each class's image prototype with each of its sentences."""
    return torch.einsum("kf,kpf->kp", images, sentences)


def class_means(
    shots: Float[Tensor, "shot feature"], labels: Int[Tensor, " shot"], classes: int
) -> Images:
    """Unit mean of each class's shots."""
    return F.normalize(F.one_hot(labels, classes).to(shots).T @ shots, dim=-1)


def fit(task: FewShotTask, p: Timo) -> Iterator[State]:
    """Guide the text, add the sentences as samples, and fit the discriminant."""
    yield _fit(task, p, p.gamma)


def _fit(task: FewShotTask, p: Timo, gamma: float, count: int | None = None) -> State:
    """A state with `count` sentences a class as samples; None for all, each once."""
    sentences = _sentences(task)
    classes = len(sentences)
    shots = F.normalize(concatenate_views(task.augmented).sum(0), dim=-1)
    parts: dict[str, list[Tensor]] = {"text": [], "weight": [], "bias": []}
    every = zip(task.shot_index, task.labels, gda.samples(task), strict=True)
    for index, labels, (x, own) in every:
        images = class_means(shots[index], labels, classes)
        extra, extra_labels = guide_images(images, sentences, count or sentences.shape[1])
        samples = torch.cat([extra, x]), torch.cat([extra_labels, own])
        weight, bias = gda.discriminant(*samples, classes)
        for name, tensor in (
            ("text", guide_text(images, sentences, gamma)),
            ("weight", weight),
            ("bias", bias),
        ):
            parts[name].append(tensor)
    state = {name: torch.stack(tensors) for name, tensors in parts.items()}
    return state | {"alpha": state["bias"].new_full((len(task.seeds),), p.alpha)}


@torch.no_grad()
def logits(state: State, features: Features, prototypes: Prototypes, logit_scale: float) -> Logits:
    """`alpha` times the cosine with the guided text, plus the discriminant."""
    shapes = concatenate_views(features)
    alpha = rearrange(state["alpha"], "seed -> seed 1 1")
    return alpha * (shapes @ state["text"].mT) + gda.linear(state, shapes)


@torch.no_grad()
def tune(task: FewShotTask, state: State, features: Features, labels: Labels, p: Timo) -> State:
    """Per seed the first best `alpha` of the grid.

    With `search` it is TIMO-S: `gamma` by the accuracy of the guided text alone, then the number
    of extra samples (ten numbers up to twice the sentences) together with `alpha`.
    """
    shapes = concatenate_views(features)
    if not p.search:
        return _best_alpha(state, shapes, labels, p)[0]
    sentences = _sentences(task)
    text, best_text = state["text"].clone(), torch.full_like(state["alpha"], -1)
    for gamma in p.gammas:
        trial = _fit(task, p, gamma, 1)["text"]
        correct = ((shapes @ trial.mT).argmax(-1) == labels).float().mean(-1)
        better = correct > best_text
        best_text = torch.where(better, correct, best_text)
        text[better] = trial[better]
    best = torch.full_like(state["alpha"], -1)
    found = {name: tensor.clone() for name, tensor in state.items()} | {"text": text}
    most = 2 * sentences.shape[1]
    for step in range(10):
        count = int(1 + step * (most - 1) / 9)
        trial_state = _fit(task, p, p.gamma, count) | {"text": text}
        trial_state, correct = _best_alpha(trial_state, shapes, labels, p)
        better = correct > best
        best = torch.where(better, correct, best)
        for name, tensor in trial_state.items():
            found[name][better] = tensor[better]
    return found


def _best_alpha(
    state: State, shapes: Float[Tensor, "shape feature"], labels: Labels, p: Timo
) -> tuple[State, Float[Tensor, " seed"]]:
    text, fit_logits = shapes @ state["text"].mT, gda.linear(state, shapes)
    correct = torch.stack(
        [((a * text + fit_logits).argmax(-1) == labels).float().mean(-1) for a in p.grid]
    )
    best = torch.from_numpy(correct.cpu().numpy().argmax(0))  # numpy takes the first of equals
    alpha = state["alpha"].new_tensor([p.grid[i] for i in best.tolist()])
    return state | {"alpha": alpha}, correct.max(0).values


def _sentences(task: FewShotTask) -> Sentences:
    """Unit sentence features, side by side for all views as the shapes are."""
    if task.sentences is None:
        raise UserError(
            "The method timo needs the features of every sentence: encode the text again."
        )
    views = task.augmented.shape[2]
    return concatenate_views(
        repeat(task.sentences, "label sentence channel -> label sentence view channel", view=views)
    )
