import numpy as np
import pytest
import torch
from few_shot_data import task
from places import GOLDEN

from pointclip.classification.few_shot import schedule


RELEASED = np.load(GOLDEN / "adapter.npz")


def test_schedule_is_the_released_one():
    ours = [schedule.learning_rate(epoch) for epoch in range(250)]
    np.testing.assert_allclose(ours, RELEASED["lr_per_epoch"], rtol=1e-12)


def test_loss_is_the_released_one():
    logits = torch.from_numpy(RELEASED["train_logits"]).unsqueeze(0)
    labels = torch.from_numpy(RELEASED["labels"]).unsqueeze(0)
    loss = schedule.smoothed_cross_entropy(logits, labels)
    assert float(loss) == pytest.approx(float(RELEASED["smooth_loss"]), rel=1e-6)


def test_an_epoch_shows_every_shot_once_as_one_of_its_copies():
    one = task(seeds=(1, 2), shots=8)  # 40 shots: one batch of 20 twice
    generators = schedule.make_generators(one.seeds, torch.device("cpu"))
    batches = list(schedule.epoch_batches(one, generators, size=20))
    assert [tuple(x.shape) for x, _ in batches] == [(2, 20, 4, 16)] * 2
    for seed in range(2):
        shown = torch.cat([x[seed] for x, _ in batches])
        truth = torch.cat([y[seed] for _, y in batches])
        copies = one.augmented[:, one.shot_index[seed]].float()  # (copy, shot, view, channel)
        same = (shown[:, None, None] == copies).all(-1).all(-1)  # (shown, copy, shot)
        shot = same.any(1).int().argmax(1)
        assert sorted(shot.tolist()) == list(range(40))
        assert torch.equal(truth, one.labels[seed][shot])
        assert len(set(same.any(2).int().argmax(1).tolist())) == 3


@pytest.mark.parametrize(("size", "lengths"), [(16, [16, 16]), (32, [32]), (64, [40])])
def test_an_incomplete_batch_is_dropped_unless_it_is_the_only_one(size, lengths):
    one = task(seeds=(1,), shots=8)
    generators = schedule.make_generators(one.seeds, torch.device("cpu"))
    assert [y.shape[1] for _, y in schedule.epoch_batches(one, generators, size)] == lengths
