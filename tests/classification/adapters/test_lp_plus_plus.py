import torch
from released_methods import golden, near, tensor

from pointclip.classification.adapters import lp_plus_plus


SHOTS, LABELS = tensor("shared/support")[None], tensor("shared/support_labels")[None]
TEXT, TEST = tensor("shared/text"), tensor("shared/test")


def test_every_epoch_is_the_released_one():
    start = tensor("lpp/bias_init")[None]
    states = lp_plus_plus.train(SHOTS, LABELS, TEXT, 300, accumulate=True, bias=start)
    checked = 0
    for epoch, state in enumerate(states, 1):
        if epoch in (1, 9, 10, 11, 20, 100, 300):
            for name in ("weight", "bias", "alpha"):
                near(state[name][0], f"lpp/after_{epoch}/{name}")
            scores = TEST @ state["weight"][0].T + state["bias"][0]
            near(scores + state["alpha"][0] * (TEST @ TEXT.T), f"lpp/after_{epoch}/test_logits")
            checked += 1
    assert checked == 7


def test_only_the_own_gradient_moves_alpha_by_default():
    moved = []
    for accumulate in (False, True):
        *_, state = lp_plus_plus.train(SHOTS, LABELS, TEXT, 10, accumulate)
        moved.append((state["alpha"][0] - float(golden("lpp/alpha_init"))).abs().max())
    assert 0 < moved[0] < moved[1] / 3


def test_shots_of_zeros_stay_finite():
    *_, state = lp_plus_plus.train(torch.zeros(1, 6, 8), LABELS[:, :6] * 0, torch.zeros(2, 8), 20)
    assert all(torch.isfinite(x).all() for x in state.values())
