"""What every few-shot method must do, whatever it is."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from few_shot_data import CLASSES, features, task

from pointclip.classification.adapters import METHODS


LABELS = np.repeat(np.arange(CLASSES), 20)
FAST = {"inter_view": {"epochs": 30}, "tip_f": {"epochs": 5, "batch": 32}}


def fit(method, one):
    *_, state = METHODS[method].states(one, **FAST.get(method, {}))
    return state


@pytest.fixture(params=METHODS)
def method(request):
    return request.param


def test_learns_classes_that_can_be_told_apart(method):
    one = task()
    x = features(LABELS, 3)
    scores = METHODS[method].logits(fit(method, one), x, one.prototypes, one.logit_scale)
    assert scores.shape == (3, len(LABELS), CLASSES)
    assert scores.dtype == torch.float32
    accuracy = (scores.argmax(-1) == torch.from_numpy(LABELS)).float().mean(-1)
    assert (accuracy > 0.75).all(), accuracy


def test_seeds_do_not_touch_each_other(method):
    x = features(LABELS, 3)
    together, alone = task(seeds=(1, 2, 3)), task(seeds=(2,))
    ours = METHODS[method].logits(fit(method, together), x, together.prototypes, 100.0)[1:2]
    expected = METHODS[method].logits(fit(method, alone), x, alone.prototypes, 100.0)
    torch.testing.assert_close(ours, expected, rtol=0, atol=1e-3)


def test_every_tensor_leads_with_the_seed(method):
    assert {len(tensor) for tensor in fit(method, task()).values()} == {3}


def test_a_choice_is_no_worse_on_the_shapes_it_is_made_on(method):
    module = METHODS[method]
    if not hasattr(module, "choose"):
        pytest.skip("nothing to choose")
    one = task(seeds=(1, 2))
    state = fit(method, one)

    def accuracy(state):
        scores = module.logits(state, one.validation, one.prototypes, one.logit_scale)
        return (scores.argmax(-1) == one.validation_labels).float().mean(-1)

    small = {"search_steps": (10, 5)} if method.startswith("tip") else {}
    chosen = module.choose(one, state, one.validation, one.validation_labels, **small)
    assert set(chosen) == set(state)
    assert (accuracy(chosen) >= accuracy(state) - 1e-6).all()


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_constant_features_give_finite_logits(method, value):
    one = task(seeds=(1, 2))
    same = {
        name: torch.full_like(getattr(one, name), value) for name in ("clean", "bank", "validation")
    }
    constant = replace(one, **same)
    scores = METHODS[method].logits(
        fit(method, constant), constant.clean[:3], one.prototypes, one.logit_scale
    )
    assert torch.isfinite(scores).all()
