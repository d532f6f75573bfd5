import pytest
import torch
import torch.nn.functional as F
from few_shot_data import CLASSES, features, task
from released_methods import near, tensor

from pointclip.catalog.adapters import Gda
from pointclip.classification.adapters import gda


def test_discriminant_is_the_released_one():
    x, labels = tensor("shared/support_vecs"), tensor("shared/support_vecs_labels")
    weight, bias = gda.discriminant(x, labels, 6)
    near(weight, "gda/W")
    near(bias, "gda/b")
    test = tensor("shared/test")
    fit = test @ weight + bias
    near(fit, "gda/fit_test")
    near(tensor("shared/zero_shot_logits") + tensor("gda/alpha") * fit, "gda/test_logits")


def test_fewer_samples_than_features_give_the_same_solution():
    x, labels = tensor("shared/support_vecs")[:20], tensor("shared/support_vecs_labels")[:20]
    member = F.one_hot(labels, 6).to(x)
    means = (member.T @ x) / member.sum(0).clamp_min(1)[:, None]
    residuals = x - means[labels]
    ridge = residuals.square().sum() / 19
    inverse = torch.linalg.inv(residuals.T @ residuals + ridge * torch.eye(32, dtype=x.dtype))
    weight, _ = gda.discriminant(x, labels, 6)
    torch.testing.assert_close(weight, 32 * inverse @ means.T, rtol=1e-9, atol=1e-9)


def test_one_sample_a_class_leaves_zero_shot():
    one = task(shots=1, copies=1)
    (state,) = gda.fit(one, Gda())
    x = features(torch.arange(CLASSES).numpy(), 3)
    scores = gda.logits(state, x, one.prototypes, one.logit_scale)
    (nothing,) = gda.fit(one, Gda(alpha=0.0))
    expected = gda.logits(nothing, x, one.prototypes, one.logit_scale)
    margins = [x - x.mean(-1, keepdim=True) for x in (scores, expected)]
    torch.testing.assert_close(*margins)


def test_one_class_is_allowed():
    weight, bias = gda.discriminant(torch.eye(3), torch.zeros(3, dtype=torch.int64), 1)
    assert torch.isfinite(weight).all() and torch.isfinite(bias).all()


@pytest.mark.parametrize("grid", [(0.1, 1.0), (5.0,)])
def test_choice_comes_from_the_grid(grid):
    one = task(seeds=(1, 2))
    (state,) = gda.fit(one, Gda())
    chosen = gda.tune(one, state, one.validation, one.validation_labels, Gda(grid=grid))
    assert all(min(abs(float(a) - g) for g in grid) < 1e-6 for a in chosen["alpha"])
