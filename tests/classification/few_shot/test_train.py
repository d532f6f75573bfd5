import inspect

import numpy as np
import pytest
import torch
from few_shot_data import CLASSES, features, task

from pointclip.classification import view_weights, zero_shot
from pointclip.classification.adapters import METHODS, FewShotTask
from pointclip.classification.few_shot.task import read_task, write_logits
from pointclip.classification.few_shot.train import accuracies, train, train_released
from pointclip.core.errors import UserError
from pointclip.data.shots import sample_shots
from pointclip.features.read import read_held_out


TEST_LABELS = torch.from_numpy(np.repeat(np.arange(CLASSES), 8))
TEST = features(TEST_LABELS.numpy(), 3)
HONEST = [
    train,
    view_weights.search,
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
    module = METHODS["inter_view"]
    by_epoch = [
        accuracies(module, state, one, one.validation, one.validation_labels)
        for state in module.states(one, epochs=12)
    ]
    for seed, course in enumerate(np.stack(by_epoch).T):
        expected = np.flatnonzero(course == course.max())[-1]
        assert int(learned["validation"]["epoch"][seed]) == expected
    assert learned["plain"]["epoch"].tolist() == [11] * 3


def test_released_keeps_the_first_of_the_best_epochs_per_seed():
    one = task()
    state = train_released("inter_view", one, TEST, TEST_LABELS, epochs=12)
    module = METHODS["inter_view"]
    by_epoch = [
        accuracies(module, s, one, TEST, TEST_LABELS) for s in module.states(one, epochs=12)
    ]
    for seed, course in enumerate(np.stack(by_epoch).T):
        assert int(state["epoch"][seed]) == int(course.argmax())
    best = accuracies(module, state, one, TEST, TEST_LABELS)
    np.testing.assert_allclose(best, np.stack(by_epoch).max(0))


@pytest.mark.parametrize("method", METHODS)
def test_held_out_labels_change_validation_and_never_plain(method):
    one = task()
    turned = type(one)(**{**vars(one), "validation_labels": one.validation_labels.roll(7)})
    fast = {"epochs": 4} if method in ("inter_view", "tip_f") else {}
    fast |= {"search_steps": (5, 3)} if method.startswith("tip") else {}
    first = train(method, one, **fast)
    second = train(method, turned, **fast)
    for name, tensor in first["plain"].items():
        assert torch.equal(tensor, second["plain"][name])


def test_accuracies_do_not_depend_on_the_chunk():
    one = task()
    (state,) = METHODS["nearest_mean"].states(one)
    module = METHODS["nearest_mean"]
    whole = accuracies(module, state, one, TEST, TEST_LABELS)
    parts = accuracies(module, state, one, TEST, TEST_LABELS, rows=7)
    np.testing.assert_allclose(whole, parts)


def test_unknown_methods_and_parameters_are_named():
    with pytest.raises(UserError, match="Unknown few-shot method 'tipp': choose one of inter_view"):
        train("tipp", task())
    with pytest.raises(UserError, match="Unknown parameter 'rato' of inter_view: choose one of b"):
        train("inter_view", task(), rato=0.3)
    with pytest.raises(UserError, match="Unknown parameter 'c' of nearest_mean"):
        train("nearest_mean", task(), c=1.0)
    with pytest.raises(UserError, match="tip_f cannot train with epochs 0: give 1 or more"):
        train("tip_f", task(), epochs=0)


def test_nan_features_and_repeated_seeds_are_sentences():
    one = task()
    broken = one.bank.clone()
    broken[0, 3, 1, 2] = torch.nan
    with pytest.raises(UserError, match="augmented features hold 1 values that are NaN"):
        type(one)(**{**vars(one), "bank": broken})
    with pytest.raises(UserError, match="A seed is listed twice in"):
        type(one)(**{**vars(one), "seeds": [1, 1, 2]})
