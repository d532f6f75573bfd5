import pytest
import torch
from few_shot_data import CLASSES, features, task

from pointclip.catalog.adapters import Blend, LinearProbe
from pointclip.classification.adapters import blend, linear_probe, tip
from pointclip.classification.adapters.task import concatenate_views


@pytest.fixture(scope="module")
def one():
    return task(seeds=(1, 2))


@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
def test_logits_are_the_weighted_mean_of_log_probabilities(one, weight):
    x = features(range(CLASSES), 3)
    (state,) = blend.fit(one, Blend(blend_weight=weight))
    (probe,) = linear_probe.fit(one, LinearProbe())
    text = tip.zero_shot(concatenate_views(x), one.prototypes, 100.0).log_softmax(-1)
    learned = linear_probe.logits(probe, x, one.prototypes, 100.0).log_softmax(-1)
    ours = blend.logits(state, x, one.prototypes, 100.0)
    torch.testing.assert_close(ours, weight * learned + (1 - weight) * text)


def test_tuning_takes_the_smallest_weight_of_the_highest_accuracy(one):
    (state,) = blend.fit(one, Blend())
    x, labels = features([0, 1, 2, 3, 4] * 8, 5, noise=6.0), torch.arange(5).repeat(8)
    tuned = blend.tune(one, state, x, labels, Blend(steps=5))
    accuracy = []
    for step in range(6):
        weight = torch.full((2,), step / 5)
        scores = blend.logits(tuned | {"blend_weight": weight}, x, one.prototypes, 100.0)
        accuracy.append((scores.argmax(-1) == labels).float().mean(-1))
    best = torch.stack(accuracy).argmax(0)  # the first of equals
    torch.testing.assert_close(tuned["blend_weight"], best / 5)
    assert len(torch.stack(accuracy).unique()) > 2
