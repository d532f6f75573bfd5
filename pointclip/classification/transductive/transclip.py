"""TransCLIP: Gaussians of one shared variance fitted to unlabelled test shapes.

Zanella et al., NeurIPS 2024; formulas are those of the release (MaxZanella/transduction-for-vlms,
TransCLIP_solver). The few-shot form keeps graph and assignment in one order of items (in the
release, they are in two), starts once, and weighs the shots by one number fixed beforehand.
"""

import numpy as np
from jaxtyping import Float, Int

from pointclip.classification.transductive.graph import nearest, neighbour_matrix
from pointclip.classification.transductive.stata import (
    FLOOR,
    INNER,
    NEIGHBOURS,
    ROUNDS,
    TEMPERATURE,
    Classes,
    Items,
    Soft,
    gaussian,
    log_softmax,
    unit,
)


CONFIDENT = 8  # items that begin a class
SHOT_WEIGHT = 0.02


def transclip(items: Items, text: Classes, logit_scale: float) -> Soft:
    """Log-probabilities of unlabelled items, which are seen all at once.

    Every class begins with the eight items that zero-shot is surest of, so all classes should be
    present: with few of them, see `stata`.
    """
    prior = log_softmax(logit_scale * items @ text.T)
    z = np.exp(prior)
    top = np.argsort(-z, axis=0, kind="stable")[:CONFIDENT]  # (item, class)
    weight = np.take_along_axis(z, top, axis=0)
    means = unit(np.einsum("ik,ikd->kd", weight, items[top]))
    return _solve(items, items[:0], np.empty((0, len(text))), prior, 1.0, means, 0.0)


def transclip_few_shot(
    items: Items,
    text: Classes,
    logit_scale: float,
    shots: Float[np.ndarray, "shot feature"],
    labels: Int[np.ndarray, " shot"],
    shot_weight: float = SHOT_WEIGHT,
) -> Soft:
    """The same beside labelled shots: they begin the means and stay in every sum and in the graph.

    Args:
        shot_weight: the release chooses it on validation shapes among 0.002, 0.01, 0.02 and 0.2.
    """
    prior = log_softmax(logit_scale * items @ text.T)
    onehot = np.eye(len(text))[labels]
    return _solve(items, shots, onehot, prior, 0.5, unit(onehot.T @ shots), shot_weight)


def _solve(
    items: Items,
    shots: Float[np.ndarray, "shot feature"],
    onehot: Float[np.ndarray, "shot class"],
    prior: Soft,
    text_weight: float,
    means: Classes,
    shot_weight: float,
) -> Soft:
    """Ten rounds of assignment, means and variance, then one last assignment."""
    count, everything = len(items), np.concatenate([items, shots])
    graph = neighbour_matrix(
        *nearest(everything, everything, NEIGHBOURS, skip_own=True), len(everything)
    )
    weights = np.full((len(everything), 1), 1 / max(count, 1))
    weights[count:] = shot_weight * TEMPERATURE / max(len(shots), 1)
    squares = everything**2
    variance = np.full(items.shape[1], 1 / items.shape[1])
    assigned = prior
    for step in range(ROUNDS + 1):
        shared = np.broadcast_to(variance, means.shape)
        likelihood = gaussian(items, squares[:count], means, shared)
        for _ in range(INNER):
            z = np.concatenate([np.exp(assigned), onehot])
            near = (graph.T @ z + graph @ z)[:count]
            pull = likelihood + TEMPERATURE / (2 * NEIGHBOURS) * near
            assigned = log_softmax(text_weight * prior + pull / TEMPERATURE)
        if step == ROUNDS:
            break
        z = weights * np.concatenate([np.exp(assigned), onehot])
        mass = z.sum(0)[:, None]
        means = unit(z.T @ everything / np.maximum(mass, FLOOR))
        spread = z.T @ squares - 2 * means * (z.T @ everything) + mass * means**2
        variance = np.maximum(spread.sum(0) / max(mass.sum(), FLOOR), FLOOR)
    return assigned
