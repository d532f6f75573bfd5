import numpy as np
import pytest
import torch
from few_shot_data import CHANNELS, VIEWS, features, prototypes, task
from places import GOLDEN

from pointclip.catalog.adapters import InterView
from pointclip.classification.adapters import inter_view
from pointclip.classification.few_shot.schedule import make_generators, smoothed_cross_entropy
from pointclip.core.errors import UserError


RELEASED = np.load(GOLDEN / "adapter.npz")
X = torch.from_numpy(RELEASED["features"]).reshape(1, 12, 10, 16)
TEXT = torch.from_numpy(RELEASED["text"])
CLOSE = {"rtol": 1e-4, "atol": 1e-4}


def released(seeds=1, fresh=False):
    """The golden state; `fresh` gives the running statistics before its training forward."""
    state = inter_view.init_params(
        10, 16, 0.6, make_generators(list(range(seeds)), torch.device("cpu"))
    )
    for name in RELEASED.files:
        key = name.removeprefix("state/")
        if key in state and not (fresh and "running" in key):
            state[key] = torch.from_numpy(RELEASED[name]).repeat(seeds, *[1] * RELEASED[name].ndim)
    state["scale"].fill_(100)
    return state


def golden(name):
    return torch.from_numpy(np.asarray(RELEASED[name]))


def test_training_output_logits_loss_and_gradients_are_the_released_ones():
    state = released(fresh=True)
    for name in inter_view.TRAINED:
        state[name].requires_grad_()
    out = inter_view.adapt(state, X, training=True)
    torch.testing.assert_close(out.reshape(12, -1), golden("train_output"), **CLOSE)
    logits = inter_view.classify(out, TEXT, 100.0)
    torch.testing.assert_close(logits[0], golden("train_logits"), **CLOSE)
    loss = smoothed_cross_entropy(logits, golden("labels").unsqueeze(0)).sum()
    loss.backward()
    for name in inter_view.TRAINED:
        torch.testing.assert_close(state[name].grad[0], golden(f"grad/{name}"), **CLOSE)
    for layer in ("global_f.0.bn", "global_f.4"):
        for part in ("running_mean", "running_var"):
            key = f"{layer}.{part}"
            torch.testing.assert_close(state[key][0], golden(f"state/{key}"), **CLOSE)


def test_evaluation_is_the_released_one():
    out = inter_view.adapt(released(), X)[0].reshape(12, -1)
    torch.testing.assert_close(out, golden("eval_output_after_one_train_forward"), **CLOSE)
    logits = inter_view.logits(released(), X[0], TEXT, 100.0)  # the state's own scale
    torch.testing.assert_close(logits[0], golden("eval_logits"), **CLOSE)


def test_the_same_shapes_for_all_seeds_are_adapted_alike():
    last = trained((1, 2, 3), epochs=3)
    x = features(np.zeros(20, int), 3).float()
    one_by_one = inter_view.adapt(last, x.expand(3, -1, -1, -1))
    torch.testing.assert_close(inter_view.adapt_same(last, x), one_by_one, rtol=1e-4, atol=1e-4)


def test_seeds_with_equal_weights_and_different_data_equal_each_alone():
    state, other = released(seeds=2, fresh=True), X.flip(1) + 0.1
    both = inter_view.adapt(state, torch.cat([X, other]), training=True)
    for seed, x in enumerate((X, other)):
        alone = released(fresh=True)
        torch.testing.assert_close(both[seed : seed + 1], inter_view.adapt(alone, x, training=True))
        torch.testing.assert_close(
            state["global_f.4.running_var"][seed], alone["global_f.4.running_var"][0]
        )


def fit(one, **given):
    return inter_view.fit(one, InterView(**given))


def trained(seeds, **given):
    last = {}
    for state in fit(task(seeds=seeds), **{"epochs": 100, **given}):
        last = state
    return last


def test_a_seed_among_ten_equals_the_same_seed_alone():
    x, text = features(np.zeros(50, int), 3).float(), prototypes()
    ten = inter_view.logits(trained(tuple(range(10))), x, text, 100.0)
    one = inter_view.logits(trained((7,)), x, text, 100.0)
    torch.testing.assert_close(ten[7:8], one, rtol=0, atol=1e-3)


def test_shapes_of_the_state_lead_with_the_seed_and_epochs_are_counted():
    epochs = [float(s["epoch"][0]) for s in fit(task(), epochs=3)]
    assert epochs == [0, 1, 2]
    assert all(len(tensor) == 3 for tensor in trained((1, 2, 3), epochs=1).values())


def test_view_weights_are_searched_only_when_asked_for():
    one = task(seeds=(1, 2))
    state = trained((1, 2), epochs=5)
    held_out = one.validation, one.validation_labels
    same = inter_view.tune(one, state, *held_out, InterView())
    assert same["view_weights"].tolist() == [[1] * VIEWS] * 2
    searched = inter_view.tune(one, state, *held_out, InterView(search_views=True))

    def accuracy(state):
        scores = inter_view.logits(state, one.validation, one.prototypes, 100.0)
        return (scores.argmax(-1) == one.validation_labels).float().mean(-1)

    assert (accuracy(searched) >= accuracy(same)).all()


def test_length_of_features_does_not_matter_once_it_is_set():
    one = task()
    longer = type(one)(**{**vars(one), "augmented": one.augmented * 3})
    x, text = features(np.zeros(9, int), 3), prototypes()
    for norm, same in ((10.0, True), (None, False)):
        *_, a = fit(one, epochs=5, norm=norm)
        *_, b = fit(longer, epochs=5, norm=norm)
        ours = inter_view.logits(a, x, text, 100.0)
        theirs = inter_view.logits(b, 3 * x, text, 100.0)
        assert torch.allclose(ours, theirs, rtol=0, atol=0.1) is same


def test_logits_may_have_a_scale_of_their_own():
    x, text = features(np.zeros(9, int), 3), prototypes()
    *_, state = fit(task(), epochs=1, scale=20.0, lr=0.0)
    *_, other = fit(task(), epochs=1, lr=0.0)
    ours, theirs = (inter_view.logits(s, x, text, 100.0) for s in (state, other))
    torch.testing.assert_close(5 * ours, theirs, rtol=1e-2, atol=0.1)


def test_a_constant_feature_trains_to_finite_numbers():
    one = task()
    constant = type(one)(**{**vars(one), "augmented": torch.ones_like(one.augmented)})
    for state in fit(constant, epochs=3):
        assert all(torch.isfinite(tensor).all() for tensor in state.values())


def test_one_shape_alone_is_a_sentence():
    one = task(seeds=(1,))
    single = type(one)(
        **{**vars(one), "shot_index": one.shot_index[:, :1], "labels": one.labels[:, :1]}
    )
    with pytest.raises(UserError, match="give it two shapes"):
        next(fit(single))
    assert one.augmented.shape[-1] == CHANNELS
