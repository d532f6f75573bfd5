"""What every few-shot method must do, whatever it is."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from few_shot_data import CLASSES, features, task

from pointclip.catalog.adapters import METHODS, hyper_parameters
from pointclip.classification.adapters.method import Method, load_method
from pointclip.core.errors import UserError


LABELS = np.repeat(np.arange(CLASSES), 20)
FAST = {"inter_view": {"epochs": 30}, "tip_f": {"epochs": 5, "batch": 32}}
FEW = {"epochs": 60, "batch": 32}
FAST |= {"zs_lp": FEW, "clap": FEW, "lp_plus_plus": {"epochs": 60}}


def fit(method, one):
    *_, state = load_method(method).fit(one, hyper_parameters(method, FAST.get(method, {})))
    return state


@pytest.fixture(params=METHODS)
def method(request):
    return request.param


def test_a_method_is_found_by_its_name(method):
    assert isinstance(load_method(method), Method)
    assert load_method(method).__name__.endswith(f".adapters.{method}")


def test_an_unknown_method_is_named_with_those_that_there_are():
    with pytest.raises(UserError, match="Unknown few-shot method 'task': choose one of inter_view"):
        load_method("task")


def test_learns_classes_that_can_be_told_apart(method):
    one = task()
    x = features(LABELS, 3)
    scores = load_method(method).logits(fit(method, one), x, one.prototypes, one.logit_scale)
    assert scores.shape == (3, len(LABELS), CLASSES)
    assert scores.dtype == torch.float32
    accuracy = (scores.argmax(-1) == torch.from_numpy(LABELS)).float().mean(-1)
    assert (accuracy > 0.75).all(), accuracy


def test_learns_from_a_single_view_of_any_length(method):
    """As a 3D encoder gives its features: one view a shape, far from unit length."""
    one = task()
    only = {
        "features": 3 * one.features[:, :1],
        "augmented": 3 * one.augmented[:, :, :1],
        "validation": 3 * one.validation[:, :1],
    }
    one = replace(one, **only)
    x = 3 * features(LABELS, 3)[:, :1]
    scores = load_method(method).logits(fit(method, one), x, one.prototypes, one.logit_scale)
    accuracy = (scores.argmax(-1) == torch.from_numpy(LABELS)).float().mean(-1)
    assert (accuracy > 0.5).all(), accuracy


def test_seeds_do_not_touch_each_other(method):
    x = features(LABELS, 3)
    together, alone = task(seeds=(1, 2, 3)), task(seeds=(2,))
    ours = load_method(method).logits(fit(method, together), x, together.prototypes, 100.0)[1:2]
    expected = load_method(method).logits(fit(method, alone), x, alone.prototypes, 100.0)
    torch.testing.assert_close(ours, expected, rtol=0, atol=1e-3)


def test_every_tensor_leads_with_the_seed(method):
    assert {len(tensor) for tensor in fit(method, task()).values()} == {3}


def test_tuning_is_no_worse_on_the_shapes_that_it_tunes_on(method):
    module = load_method(method)
    if not hasattr(module, "tune"):
        pytest.skip("nothing to tune")
    one = task(seeds=(1, 2))
    state = fit(method, one)

    def accuracy(state):
        scores = module.logits(state, one.validation, one.prototypes, one.logit_scale)
        return (scores.argmax(-1) == one.validation_labels).float().mean(-1)

    small = {"tip": (10, 5), "tip_f": (10, 5), "ape": (5, 5, 3)}
    small = {"search_steps": small[method]} if method in small else {}
    p = hyper_parameters(method, small)
    tuned = module.tune(one, state, one.validation, one.validation_labels, p)
    assert set(tuned) == set(state)
    assert (accuracy(tuned) >= accuracy(state) - 1e-6).all()


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_constant_features_give_finite_logits(method, value):
    one = task(seeds=(1, 2))
    same = {
        name: torch.full_like(getattr(one, name), value)
        for name in ("features", "augmented", "validation")
    }
    constant = replace(one, **same)
    scores = load_method(method).logits(
        fit(method, constant), constant.features[:3], one.prototypes, one.logit_scale
    )
    assert torch.isfinite(scores).all()
