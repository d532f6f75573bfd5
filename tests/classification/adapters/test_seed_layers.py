import pytest
import torch

from pointclip.classification.adapters import seed_layers
from pointclip.classification.few_shot.schedule import make_generators


SEEDS, N, CHANNELS, OUT = 3, 8, 6, 4


def make(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def state():
    return {
        "a.weight": make(SEEDS, OUT, CHANNELS, seed=1),
        "a.bias": make(SEEDS, OUT, seed=2),
        "n.weight": 1 + 0.1 * make(SEEDS, CHANNELS, seed=3),
        "n.bias": make(SEEDS, CHANNELS, seed=4),
        "n.running_mean": torch.zeros(SEEDS, CHANNELS),
        "n.running_var": torch.ones(SEEDS, CHANNELS),
    }


@pytest.mark.parametrize("in_place", [False, True])
def test_linear_and_its_gradients_are_torchs_own_for_each_seed(state, in_place):
    x = make(SEEDS, N, CHANNELS).requires_grad_()
    weight, bias = state["a.weight"].requires_grad_(), state["a.bias"].requires_grad_()
    if in_place:
        weight.grad = torch.full_like(weight, 7.0)  # overwritten, not added to
    seed_layers.linear(state, "a", x).square().sum().backward()
    for seed in range(SEEDS):
        own = [t[seed].detach().clone().requires_grad_() for t in (x, weight, bias)]
        out = torch.nn.functional.linear(*own)
        torch.testing.assert_close(seed_layers.linear(state, "a", x)[seed], out)
        out.square().sum().backward()
        for ours, expected in zip((x, weight, bias), own, strict=True):
            torch.testing.assert_close(ours.grad[seed], expected.grad)


@pytest.mark.parametrize("training", [False, True])
def test_batch_norm_is_torchs_own_for_each_seed(state, training):
    x = 3 + make(SEEDS, N, CHANNELS)
    out = seed_layers.batch_norm(state, "n", x, training)
    for seed in range(SEEDS):
        layer = torch.nn.BatchNorm1d(CHANNELS).train(training)
        with torch.no_grad():
            layer.weight.copy_(state["n.weight"][seed])
            layer.bias.copy_(state["n.bias"][seed])
        torch.testing.assert_close(out[seed], layer(x[seed]))
        torch.testing.assert_close(state["n.running_mean"][seed], layer.running_mean)
        torch.testing.assert_close(state["n.running_var"][seed], layer.running_var)


def test_dropout_scales_what_it_keeps_and_does_nothing_at_rate_zero():
    x = torch.ones(2, 32, 10, 64)
    generators = make_generators([1, 2], torch.device("cpu"))
    out = seed_layers.dropout(x, 0.25, generators)
    assert set(out.unique().tolist()) == {0.0, float(torch.tensor(1 / 0.75))}
    assert float((out == 0).float().mean()) == pytest.approx(0.25, abs=0.01)
    assert seed_layers.dropout(x, 0.0, generators) is x


def test_dropout_keeps_as_many_as_it_should_and_no_seed_disturbs_another():
    def mask(seeds):
        generators = make_generators(seeds, torch.device("cpu"))
        return seed_layers.dropout_mask((32, 10, 64), 0.075, generators)

    together = mask([1, 2])
    assert float(together.float().mean()) == pytest.approx(0.925, abs=0.005)
    assert torch.equal(together[1:], mask([2]))
    assert not torch.equal(together[0], together[1])


def test_sgd_is_the_formula_with_momentum_and_weight_decay(state):
    names = ["a.weight", "a.bias"]
    ours = {name: state[name].clone() for name in names}
    optimiser = seed_layers.SeedSGD(ours, names, names[:1], momentum=0.9, weight_decay=0.01)
    expected = [state[name].clone() for name in names]
    velocity = [torch.zeros_like(tensor) for tensor in expected]
    for step in range(4):
        x, rate = make(SEEDS, N, CHANNELS, seed=step), 0.1 / (1 + step)
        optimiser.step(seed_layers.linear(ours, "a", x).square().mean(), rate)
        out = torch.baddbmm(expected[1].unsqueeze(1), x, expected[0].transpose(1, 2))
        upstream = 2 * out / out.numel()
        gradients = [upstream.transpose(1, 2) @ x, upstream.sum(1)]
        for tensor, speed, gradient in zip(expected, velocity, gradients, strict=True):
            speed.mul_(0.9).add_(gradient + 0.01 * tensor)
            tensor.sub_(rate * speed)
    for name, tensor in zip(names, expected, strict=True):
        torch.testing.assert_close(ours[name].detach(), tensor)
