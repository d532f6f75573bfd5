import inspect
from dataclasses import replace

import numpy as np
import pytest
import torch
from few_shot_data import CLASSES, features, task

from pointclip.catalog.adapters import METHODS, InterView, NearestMean
from pointclip.classification import view_weights, zero_shot
from pointclip.classification.adapters.method import load_method
from pointclip.classification.adapters.task import FewShotTask
from pointclip.classification.few_shot.logits import write_logits
from pointclip.classification.few_shot.task import read_task
from pointclip.classification.few_shot.train import (
    accuracies,
    count_wrong,
    train,
    train_released,
    update_best,
)
from pointclip.core.errors import UserError
from pointclip.data.shots import sample_shots
from pointclip.features.read import read_held_out


TEST_LABELS = torch.from_numpy(np.repeat(np.arange(CLASSES), 8))
TEST = features(TEST_LABELS.numpy(), 3)
HONEST = [
    train,
    view_weights.grid_search,
    read_task,
    read_held_out,
    write_logits,
    zero_shot.write_logits,
    sample_shots,
]


@pytest.mark.parametrize("function", HONEST, ids=lambda f: f.__qualname__)
def test_honest_entry_points_have_no_place_for_a_test_label(function):
    assert not [name for name in inspect.signature(function).parameters if "test" in name]


def test_a_task_has_no_place_for_a_test_shape():
    assert not [name for name in FewShotTask.__dataclass_fields__ if "test" in name]


def test_validation_keeps_the_last_of_the_best_epochs_per_seed():
    one = task()
    learned = train("inter_view", one, epochs=12)
    module = load_method("inter_view")
    by_epoch = [
        accuracies(module, state, one, one.validation, one.validation_labels)
        for state in module.fit(one, InterView(epochs=12))
    ]
    for seed, course in enumerate(np.stack(by_epoch).T):
        expected = np.flatnonzero(course == course.max())[-1]
        assert int(learned["validation"]["epoch"][seed]) == expected
    assert learned["plain"]["epoch"].tolist() == [11] * 3


def test_released_keeps_the_first_of_the_best_epochs_per_seed():
    one = task()
    state = train_released("inter_view", one, TEST, TEST_LABELS, epochs=12)
    module = load_method("inter_view")
    by_epoch = [
        accuracies(module, s, one, TEST, TEST_LABELS) for s in module.fit(one, InterView(epochs=12))
    ]
    for seed, course in enumerate(np.stack(by_epoch).T):
        assert int(state["epoch"][seed]) == int(course.argmax())
    best = accuracies(module, state, one, TEST, TEST_LABELS)
    np.testing.assert_allclose(best, np.stack(by_epoch).max(0))


def test_counting_wrong_shapes_stops_where_a_seed_has_enough():
    one = task()
    hard = features(TEST_LABELS.numpy(), 3, noise=6.0)
    module = load_method("inter_view")
    state = next(module.fit(one, InterView(epochs=1)))
    right = accuracies(module, state, one, hard, TEST_LABELS)
    exact = np.round((100 - right) / 100 * len(hard)).astype(int)
    assert (exact > 2).all()  # or there is nothing to stop
    never = np.full(len(exact), len(hard) + 1)
    wrong, missed = count_wrong(module, state, one, hard, TEST_LABELS, never, batch=5)
    assert wrong.tolist() == exact.tolist() and len(missed) == len(hard)
    soon = np.array([1, 2, exact[2] + 1])
    wrong, _ = count_wrong(module, state, one, hard, TEST_LABELS, soon, batch=5)
    assert 1 <= wrong[0] <= 5 and 2 <= wrong[1] <= 6 and wrong[2] == exact[2]
    _, seen = count_wrong(module, state, one, hard, TEST_LABELS, np.ones(3, int), batch=5)
    assert len(seen) < len(hard)


@pytest.mark.parametrize("method", METHODS)
def test_held_out_labels_change_nothing_under_plain(method):
    one = task()
    turned = replace(one, validation_labels=one.validation_labels.roll(7))
    fast = {"epochs": 4} if method in ("inter_view", "tip_f") else {}
    fast |= {"search_steps": (5, 3)} if method.startswith("tip") else {}
    first, second = train(method, one, **fast), train(method, turned, **fast)
    for name, tensor in first["plain"].items():
        assert torch.equal(tensor, second["plain"][name])


def test_held_out_labels_decide_what_validation_takes():
    one = task()
    noisy = replace(one, validation=features(one.validation_labels.numpy(), 2, noise=6.0))
    turned = replace(noisy, validation_labels=noisy.validation_labels.roll(7))
    kept = [train("inter_view", each, epochs=12)["validation"]["epoch"] for each in (noisy, turned)]
    assert not torch.equal(*kept)


def test_only_the_seeds_that_got_better_are_copied():
    state = {"x": torch.tensor([1.0, 2.0])}
    best = update_best(None, state, np.array([True, True]))
    state["x"] += 10
    assert best["x"].tolist() == [1, 2]
    assert update_best(best, state, np.array([False, True]))["x"].tolist() == [1, 12]


def test_accuracies_do_not_depend_on_the_batch():
    one = task()
    module = load_method("nearest_mean")
    (state,) = module.fit(one, NearestMean())
    whole = accuracies(module, state, one, TEST, TEST_LABELS)
    parts = accuracies(module, state, one, TEST, TEST_LABELS, batch=7)
    np.testing.assert_allclose(whole, parts)


def test_unknown_methods_and_hyper_parameters_are_named():
    with pytest.raises(UserError, match="Unknown few-shot method 'tipp': choose one of inter_view"):
        train("tipp", task())
    with pytest.raises(UserError, match="Unknown hyper-parameter of inter_view 'rato': choose one"):
        train("inter_view", task(), rato=0.3)
    with pytest.raises(UserError, match="tip_f cannot have epochs=0: give a whole number from 1"):
        train("tip_f", task(), epochs=0)
    with pytest.raises(UserError, match="Unknown few-shot method with a `released` protocol 'tip'"):
        train_released("tip", task(), TEST, TEST_LABELS)
