import numpy as np
from released_methods import golden

from pointclip.classification.transductive.zlap import (
    NEIGHBOURS,
    POWER,
    SPREAD,
    zlap,
    zlap_inductive,
)


ITEMS, TEXT = golden("shared/test"), golden("shared/text")


def dense(items, text):
    """The same by whole matrices."""
    classes, nodes = len(text), len(text) + len(items)
    graph = np.zeros((nodes, nodes))
    for i, item in enumerate(items):
        cosine = items @ item
        cosine[i] = np.inf
        for j in np.argsort(-cosine)[1:NEIGHBOURS]:
            graph[classes + i, classes + j] = max(items[j] @ item, 0)
        for k in np.argsort(-(text @ item))[:NEIGHBOURS]:
            graph[classes + i, k] = max(text[k] @ item, 0) ** POWER
    graph = graph + graph.T
    degree = graph.sum(1)
    scale = 1 / np.sqrt(np.where(degree > 0, degree, 1))
    return np.linalg.inv(np.eye(nodes) - SPREAD * scale[:, None] * graph * scale)[:, :classes]


def test_scores_are_those_of_the_inverse():
    expected = dense(ITEMS, TEXT)[len(TEXT) :]
    np.testing.assert_allclose(np.exp(zlap(ITEMS, TEXT)), expected, atol=1e-5)


def test_inductive_items_do_not_see_each_other():
    unlabelled = golden("shared/val")
    together = zlap_inductive(ITEMS, TEXT, unlabelled)
    alone = np.concatenate([zlap_inductive(ITEMS[i : i + 1], TEXT, unlabelled) for i in range(40)])
    np.testing.assert_allclose(together, alone, atol=1e-9)


def test_few_items_and_classes_stay_finite():
    assert np.isfinite(zlap(ITEMS[:1], TEXT)).all()
    assert np.isfinite(zlap(ITEMS, TEXT[:1])).all()
    assert np.isfinite(zlap_inductive(ITEMS, TEXT, ITEMS[:1])).all()
