"""StatA: a Gaussian a class fitted to unlabelled test shapes, anchored at the text.

Zanella et al., CVPR 2025; formulas are those of the release (MaxZanella/StatA, solvers/StatA.py).
Classes that few shapes are taken for stay near their text, so it also holds where few of the
classes are present. No number is tuned.
"""

import numpy as np
from jaxtyping import Float
from scipy.sparse import csr_array

from pointclip.classification.transductive.graph import nearest, neighbour_matrix


Items = Float[np.ndarray, "shape feature"]
Classes = Float[np.ndarray, "class feature"]
Soft = Float[np.ndarray, "shape class"]
NEIGHBOURS, ROUNDS, INNER = 3, 10, 5
TEMPERATURE = 50.0  # of the assignment
FLOOR = 1e-12  # of variances and masses


def stata(items: Items, text: Classes, logit_scale: float, soft_counts: bool = False) -> Soft:
    """Log-probabilities of unlabelled items, which are seen all at once.

    Args:
        items: unit vectors.
        text: one unit prototype a class.
        soft_counts: count items by their probabilities and not by their largest class.
    """
    prior = log_softmax(logit_scale * items @ text.T)
    graph = neighbour_matrix(*nearest(items, items, NEIGHBOURS, skip_own=True), len(items))
    squares = items**2
    assigned = prior
    first = _scatter(items, squares, np.exp(prior), text).sum(0) / len(items)
    means, variance = text, np.tile(first, (len(text), 1))
    for _ in range(ROUNDS):
        assigned = assign(prior, assigned, gaussian(items, squares, means, variance), graph)
        z = np.exp(assigned)
        mass = np.maximum(z.sum(0), FLOOR)[:, None]
        hard = np.bincount(z.argmax(1), minlength=len(text))[:, None]
        counts = mass if soft_counts else hard
        trust = counts / (1 + counts)
        means = unit(trust * unit(z.T @ items / mass) + (1 - trust) * text)
        own = _scatter(items, squares, z, means) / mass
        variance = trust * own + (1 - trust) * (first + (text - means) ** 2)
    return assign(prior, assigned, gaussian(items, squares, means, variance), graph)


def gaussian(
    items: Items, squares: Items, means: Classes, variance: Float[np.ndarray, "class feature"]
) -> Soft:
    """Log-likelihood of every item under every class's diagonal Gaussian, less a constant."""
    precision = 1 / np.maximum(variance, FLOOR)
    distance = squares @ precision.T - 2 * items @ (means * precision).T
    distance += (means**2 * precision).sum(1)
    return -0.5 * (distance - np.log(precision).sum(1))


def assign(prior: Soft, assigned: Soft, likelihood: Soft, graph: csr_array) -> Soft:
    """Log-probabilities from the text, the likelihood and the neighbours, in five turns."""
    for _ in range(INNER):
        z = np.exp(assigned)
        near = graph.T @ z + graph @ z
        pull = likelihood + TEMPERATURE / (2 * NEIGHBOURS) * near
        assigned = log_softmax(prior + pull / TEMPERATURE)
    return assigned


def log_softmax(logits: Soft) -> Soft:
    """Logarithms of probabilities."""
    shifted = logits - logits.max(1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(1, keepdims=True))


def unit(x: Float[np.ndarray, "row feature"]) -> Float[np.ndarray, "row feature"]:
    """Rows scaled to length 1; a row of zeros stays."""
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), FLOOR)


def _scatter(items: Items, squares: Items, z: Soft, means: Classes) -> Classes:
    """Per class the sum over items of z (item - mean)^2."""
    mass = z.sum(0)[:, None]
    return np.maximum(z.T @ squares - 2 * means * (z.T @ items) + mass * means**2, 0)
