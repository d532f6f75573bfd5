import numpy as np
import torch
from few_shot_data import CLASSES, features, task

from pointclip.catalog.adapters import Tip
from pointclip.classification.adapters import tip


def test_logits_are_the_sources_formula():
    one = task(seeds=(4,))
    (state,) = tip.fit(one, Tip(alpha=1.17, beta=5.5))
    x = features(np.arange(CLASSES), 3)
    f = torch.nn.functional.normalize(x.float(), dim=-1).flatten(1) / 2  # four views
    copies = torch.nn.functional.normalize(one.augmented.float(), dim=-1).flatten(2) / 2
    keys = torch.nn.functional.normalize(copies.mean(0), dim=-1)[one.shot_index[0]]
    values = torch.nn.functional.one_hot(one.labels[0], CLASSES).float()
    text = one.prototypes.repeat(1, 4) / 2
    expected = 100 * f @ text.T + 1.17 * torch.exp(-5.5 * (1 - f @ keys.T)) @ values
    ours = tip.logits(state, x, one.prototypes, 100.0)[0]
    torch.testing.assert_close(ours, expected, rtol=1e-4, atol=1e-4)


def test_tuning_tries_the_sources_grid():
    one = task(seeds=(4, 5))
    (state,) = tip.fit(one, Tip())
    tuned = tip.tune(one, state, one.validation, one.validation_labels, Tip(search_steps=(4, 3)))
    betas = [b * 6.9 / 4 + 0.1 for b in range(4)]
    alphas = [a * 2.9 / 3 + 0.1 for a in range(3)]
    assert all(min(abs(float(v) - b) for b in betas) < 1e-5 for v in tuned["beta"])
    assert all(min(abs(float(v) - a) for a in alphas) < 1e-5 for v in tuned["alpha"])
    assert torch.equal(tuned["keys"], state["keys"])
