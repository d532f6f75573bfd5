"""ZLaP: labels propagated from the text over a graph of unlabelled shapes.

Stojnic et al., CVPR 2024; formulas are those of the release (vladan-stojnic/ZLaP, zlap.py). Classes
and shapes are nodes. A shape is joined to its nearest shapes and classes; the inductive form has
train shapes in the graph, so that test shapes do not see each other.
"""

import numpy as np
from jaxtyping import Float
from scipy.sparse import csr_array, diags_array, eye_array, hstack, vstack
from scipy.sparse.linalg import cg

from pointclip.classification.transductive.graph import nearest, neighbour_matrix
from pointclip.classification.transductive.stata import Classes, Items, Soft


NEIGHBOURS = 5  # of which the release's first is the shape itself
POWER = 5.0  # of cosines with the text
SPREAD = 0.3


def zlap(items: Items, text: Classes) -> Soft:
    """Logarithms of what each class's label brings to each item; items are seen all at once."""
    return _log(_propagated(items, text)[len(text) :])


def zlap_inductive(
    items: Items, text: Classes, unlabelled: Float[np.ndarray, "train feature"]
) -> Soft:
    """The same with only `unlabelled` train items in the graph; an item is read by itself."""
    reached = _propagated(unlabelled, text)
    near = neighbour_matrix(*_clipped(*nearest(items, unlabelled, NEIGHBOURS)), len(unlabelled))
    return _log(hstack([_to_text(items, text), near]) @ reached)


def _propagated(items: Items, text: Classes) -> Float[np.ndarray, "node class"]:
    """(I - spread S)^-1 applied to the one-hot labels of the text's nodes, which come first."""
    near = nearest(items, items, NEIGHBOURS - 1, skip_own=True)
    between = neighbour_matrix(*_clipped(*near), len(items))
    nodes = len(text) + len(items)
    lower = hstack([_to_text(items, text), between])
    graph = csr_array(vstack([csr_array((len(text), nodes)), lower]))
    graph = graph + graph.T
    degree = np.asarray(graph.sum(1)).ravel()
    scale = diags_array(1 / np.sqrt(np.where(degree > 0, degree, 1)))
    system = eye_array(nodes) - SPREAD * (scale @ graph @ scale)
    start = np.eye(nodes, len(text))
    return np.stack(
        [cg(system, start[:, k], rtol=1e-6, maxiter=50)[0] for k in range(len(text))], 1
    )


def _to_text(items: Items, text: Classes) -> csr_array:
    index, cosine = _clipped(*nearest(items, text, NEIGHBOURS))
    return neighbour_matrix(index, cosine**POWER, len(text))


def _clipped(index: np.ndarray, cosine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return index, np.maximum(cosine, 0)


def _log(scores: Soft) -> Soft:
    return np.log(np.maximum(scores, 1e-30))
