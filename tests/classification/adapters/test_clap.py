import pytest
import torch
import torch.nn.functional as F
from few_shot_data import task
from released_methods import golden, near, tensor

from pointclip.catalog.adapters import Clap, ZsLp
from pointclip.classification.adapters import clap, zs_lp
from pointclip.classification.few_shot.schedule import learning_rate


SAMPLES, LABELS = tensor("shared/support_vecs"), tensor("shared/support_vecs_labels")
TEXT, TEST = tensor("shared/text"), tensor("shared/test")
# The release's lambda is in single precision.
PENALTY = {"zslp": torch.zeros(1, 6).double(), "clap": tensor("clap/lambda").double()[None]}
LENGTH = float(golden("clap/text_norm"))


def descend(name: str, orders: list[list[torch.Tensor]], epochs: int) -> dict[int, torch.Tensor]:
    """Weights after every epoch, with the batches given."""
    start = LENGTH * TEXT[None]
    weight, speed, after = start.clone(), torch.zeros_like(start), {}
    for epoch in range(epochs):
        rate = learning_rate(epoch, epochs, peak=0.1, warm_up=clap.WARM_UP)
        for rows in orders[epoch]:
            x, labels = SAMPLES[rows][None], LABELS[rows][None]
            slope = clap.slope(weight, x, labels, start, PENALTY[name], 100.0)
            speed = clap.MOMENTUM * speed + slope
            weight = weight - rate * speed
        after[epoch + 1] = weight[0]
    return after


@pytest.mark.parametrize("name", ["zslp", "clap"])
def test_full_batches_are_the_released_ones(name):
    after = descend(name, [[torch.arange(48)]] * 300, 300)
    for epoch in (1, 2, 10, 100):
        near(after[epoch], f"clap/{name}_full/weights_after_{epoch}")
    near(after[300], f"clap/{name}_full/weights")
    near(100 * TEST @ F.normalize(after[300], dim=-1).T, f"clap/{name}_full/test_logits")


@pytest.mark.parametrize("name", ["zslp", "clap"])
def test_small_batches_are_the_released_ones(name):
    orders = [list(epoch.split(8)) for epoch in tensor("clap/zslp_batches/order")]
    after = descend(name, orders, 6)
    near(after[6], f"clap/{name}_batches/weights")


def test_class_certainty_is_the_released_one():
    given = clap.class_certainty(SAMPLES, LABELS, TEXT, 100.0)
    torch.testing.assert_close(given.float(), tensor("clap/lambda"))


def test_penalty_keeps_the_weights_nearer_to_the_text():
    one = task()
    moved = []
    for method, cls in ((zs_lp, ZsLp), (clap, Clap)):
        *_, state = method.fit(one, cls(epochs=20, batch=32))
        unit = F.normalize(state["weight"], dim=-1)
        text = F.normalize(one.prototypes.repeat(1, 4), dim=-1)
        moved.append((unit - text).norm())
    assert moved[1] < moved[0]
