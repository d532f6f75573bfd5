import numpy as np
from released_methods import golden

from pointclip.classification.transductive import uni_adapter as module
from pointclip.classification.transductive.uni_adapter import Centres, uni_adapter


ITEMS, TEXT = golden("shared/test"), golden("shared/text")


def test_smoothing_solves_the_graphs_system():
    centres = Centres(TEXT, 100.0, len(ITEMS))
    p = np.full((len(ITEMS), 6), 0.02)
    p[np.arange(len(ITEMS)), np.arange(len(ITEMS)) % 6] = 0.9
    for item, row in zip(ITEMS, p, strict=True):
        centres.add(item, row, 0.5)
    near = ITEMS @ ITEMS.T
    near[near < module.THRESHOLD] = 0
    degree = 1 / np.sqrt(near.sum(1))
    laplacian = np.eye(len(ITEMS)) - degree[:, None] * near * degree
    system = laplacian + 2 * module.KEEP * np.eye(len(ITEMS))
    expected = np.linalg.solve(system, 2 * module.KEEP * p)
    np.testing.assert_allclose(centres.smoothed, expected, atol=1e-6)


def test_a_full_class_moves_its_nearest_centre(monkeypatch):
    monkeypatch.setattr(module, "CENTRES", 2)
    centres = Centres(TEXT, 100.0, 10)
    p = np.eye(6)[0]
    for row in (0, 1, 2):
        centres.add(ITEMS[row], p, 0.0)
    assert centres.count == 2
    nearest = int((ITEMS[:2] @ ITEMS[2]).argmax())
    moved = ITEMS[nearest] + ITEMS[2]
    np.testing.assert_allclose(centres.keys[nearest], moved / np.linalg.norm(moved))
    assert centres.items.tolist()[:2] == ([2, 1] if nearest == 0 else [1, 2])


def test_scores_are_log_probabilities():
    found = uni_adapter(ITEMS, TEXT, 100.0, golden("tda/order"))
    np.testing.assert_allclose(np.exp(found).sum(1), 1)
