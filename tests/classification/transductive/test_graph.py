import numpy as np

from pointclip.classification.transductive import graph


def test_blocks_give_the_same_neighbours(monkeypatch):
    x = np.random.default_rng(0).normal(size=(30, 4))
    expected = graph.nearest(x, x, 3, skip_own=True)
    assert not (expected[0] == np.arange(30)[:, None]).any()
    monkeypatch.setattr(graph, "ROWS", 7)
    found = graph.nearest(x, x, 3, skip_own=True)
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_allclose(found[1], expected[1])


def test_there_may_be_fewer_neighbours_than_asked_for():
    index, cosine = graph.nearest(np.eye(1, 4), np.eye(1, 4), 3, skip_own=True)
    assert index.shape == (1, 0)
    assert graph.neighbour_matrix(index, cosine, 1).nnz == 0
