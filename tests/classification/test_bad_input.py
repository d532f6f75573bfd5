"""Data at the edge of what a method can learn from: documented behaviour, never a NaN."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from few_shot_data import CLASSES, features, prototypes, task

from pointclip.catalog.adapters import METHODS
from pointclip.catalog.transductive import TRANSDUCTIVE
from pointclip.classification.adapters.method import load_method
from pointclip.classification.few_shot.train import train
from pointclip.classification.transductive.run import on_items
from pointclip.core.errors import UserError
from pointclip.evaluation.calibration import measure
from pointclip.evaluation.score import predict, summary


FAST = {
    **{key: {"epochs": 3} for key in ("inter_view", "tip_f", "lp_plus_plus", "zs_lp", "clap")},
    "tip": {"search_steps": (4, 3)},
    "ape": {"search_steps": (3, 3, 2)},
}
FAST["tip_f"] = FAST["tip_f"] | FAST["tip"]
LABELS = np.repeat(np.arange(CLASSES), 6)
TEST = features(LABELS, 3)
ITEMS = [name for name, about in TRANSDUCTIVE.items() if not about.train]


def learn(method, one):
    learned = train(method, one, **FAST.get(method, {}))["plain"]
    return load_method(method).logits(learned, TEST, one.prototypes, one.logit_scale)


@pytest.mark.parametrize("method", METHODS)
def test_one_class_is_told_for_every_shape(method):
    one = task(held_out=2)
    first, own = one.labels == 0, one.validation_labels == 0
    one = replace(
        one,
        shot_index=one.shot_index[first].reshape(len(one.seeds), -1),
        labels=one.labels[first].reshape(len(one.seeds), -1),
        classes=one.classes[:1],
        prototypes=one.prototypes[:1],
        sentences=one.sentences[:1],
        validation=one.validation[own],
        validation_labels=one.validation_labels[own],
    )
    logits = learn(method, one)
    assert logits.shape == (3, len(LABELS), 1) and torch.isfinite(logits).all()


@pytest.mark.parametrize("method", METHODS)
def test_one_shape_a_class_is_enough(method):
    logits = learn(method, task(shots=1, copies=1, held_out=1))
    assert torch.isfinite(logits).all()
    assert (logits.argmax(-1).numpy() == LABELS).mean() > 1.5 / CLASSES


@pytest.mark.parametrize("method", METHODS)
def test_equal_shots_of_a_class_have_no_covariance_and_stay_finite(method):
    one = task(shots=4, copies=2)
    same = torch.from_numpy(np.repeat(np.arange(CLASSES), 80 // CLASSES)).long()
    centres = features(np.arange(CLASSES), 1)[same]
    one = replace(one, features=centres, augmented=centres.expand(2, -1, -1, -1).clone())
    assert torch.isfinite(learn(method, one)).all()


@pytest.mark.parametrize("method", METHODS)
def test_a_shape_alone_has_the_logits_that_it_has_among_others(method):
    one = task(shots=2)
    state = train(method, one, **FAST.get(method, {}))["plain"]
    of = load_method(method).logits
    among = of(state, TEST, one.prototypes, one.logit_scale)[:, 4:5]
    alone = of(state, TEST[4:5], one.prototypes, one.logit_scale)
    torch.testing.assert_close(alone, among, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("method", ITEMS)
def test_transductive_methods_take_one_shape_one_class_and_absent_classes(method):
    text = prototypes().numpy()
    assert np.isfinite(on_items(method, TEST[:1].numpy(), text, 100.0)).all()
    one = on_items(method, TEST[:8].numpy(), text[:1], 100.0)
    assert one.shape == (8, 1) and np.isfinite(one).all()
    few = on_items(method, TEST[LABELS < 2].numpy(), text, 100.0)
    assert np.isfinite(few).all() and (few.argmax(1) == LABELS[LABELS < 2]).mean() > 0.5


@pytest.mark.parametrize("method", ITEMS)
def test_nan_features_are_one_sentence(method):
    broken = TEST.numpy().copy()
    broken[3, 1, 0] = np.nan
    with pytest.raises(UserError, match="1 shapes hold NaN"):
        on_items(method, broken, prototypes().numpy(), 100.0)


def test_a_class_absent_among_the_test_shapes_has_no_part_in_the_class_mean():
    logits = np.eye(3)[[0, 0, 1, 1]] * 5
    labels = np.array([0, 0, 1, 0])
    scored = summary(predict(logits, labels))
    assert scored["accuracy"] == 75
    assert scored["mean_class_accuracy"] == pytest.approx(100 * (2 / 3 + 1) / 2)
    assert np.isfinite(list(measure(logits, labels).values())).all()
