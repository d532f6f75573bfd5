import numpy as np
import pytest
import torch
from few_shot_data import CLASSES, features, task
from sklearn.linear_model import LogisticRegression

from pointclip.catalog.adapters import LinearProbe
from pointclip.classification.adapters import linear_probe
from pointclip.classification.adapters.task import concatenate_views


@pytest.mark.parametrize("c", [1.0, 100.0])
def test_is_the_logistic_regression_of_scikit_learn(c):
    one = task(seeds=(4,))
    (state,) = linear_probe.fit(one, LinearProbe(c=c))
    x = features(np.repeat(np.arange(CLASSES), 5), 3)
    shots = concatenate_views(one.features[one.shot_index[0]]).double().numpy()
    model = LogisticRegression(C=c, max_iter=5000, tol=1e-8).fit(shots, one.labels[0].numpy())
    expected = model.predict_log_proba(concatenate_views(x).double().numpy())
    ours = linear_probe.logits(state, x, one.prototypes, 100.0)[0].log_softmax(-1)
    np.testing.assert_allclose(ours.numpy(), expected, atol=5e-2)


def test_two_classes_have_log_odds_of_their_own():
    one = task(seeds=(4,))
    keep = (one.labels[0] < 2).nonzero().squeeze(1)
    two = type(one)(
        **{
            **vars(one),
            "shot_index": one.shot_index[:, keep],
            "labels": one.labels[:, keep],
            "prototypes": one.prototypes[:2],
            "sentences": None,
        }
    )
    (state,) = linear_probe.fit(two, LinearProbe())
    labels = np.repeat([0, 1], 10)
    scores = linear_probe.logits(state, features(labels, 3), two.prototypes, 100.0)[0]
    assert (scores.argmax(-1).numpy() == labels).mean() > 0.8


def test_a_constant_feature_is_a_uniform_guess():
    one = task(seeds=(4,))
    constant = type(one)(**{**vars(one), "features": torch.ones_like(one.features)})
    (state,) = linear_probe.fit(constant, LinearProbe())
    scores = linear_probe.logits(state, constant.features[:3], one.prototypes, 100.0)
    torch.testing.assert_close(scores.softmax(-1), torch.full((1, 3, 5), 0.2), atol=1e-3, rtol=0)
