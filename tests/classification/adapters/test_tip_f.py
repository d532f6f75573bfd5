import torch
from few_shot_data import CLASSES, features, task

from pointclip.catalog.adapters import Tip, TipF
from pointclip.classification.adapters import tip, tip_f


def test_without_a_learning_rate_it_is_tip() -> None:
    one, x = task(seeds=(1, 2)), features(range(CLASSES), 3)
    (state,) = tip.fit(one, Tip(beta=5.0))
    *_, trained = tip_f.fit(one, TipF(beta=5.0, epochs=2, lr=0.0))
    expected = tip.logits(state, x, one.prototypes, 100.0)
    torch.testing.assert_close(tip_f.logits(trained, x, one.prototypes, 100.0), expected)


def test_training_lowers_the_loss_of_the_shots() -> None:
    one = task(seeds=(1, 2))
    shots = one.features[one.shot_index[0]]

    def loss(state: dict[str, torch.Tensor]) -> float:
        scores = tip_f.logits(state, shots, one.prototypes, 1.0)[0]
        return float(torch.nn.functional.cross_entropy(scores, one.labels[0]))

    # The tensors that are yielded are trained on: the loss is read at once.
    course = [loss(state) for state in tip_f.fit(one, TipF(epochs=5, batch=16, lr=0.01))]
    assert course[-1] < course[0] < loss(next(tip.fit(one, Tip())))


def test_only_the_keys_are_trained() -> None:
    one = task(seeds=(1, 2))
    (start,) = tip.fit(one, Tip())
    *_, end = tip_f.fit(one, TipF(epochs=2, batch=16))
    assert {name for name in start if not torch.equal(start[name], end[name])} == {"keys"}
