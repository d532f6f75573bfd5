import numpy as np
import pytest

from pointclip.core.errors import UserError
from pointclip.segmentation.few_shot_parts import LEARNERS, fit_probe


def shot(seed, parts=3):
    """Points of parts that lie in different corners of the space of features."""
    rng = np.random.default_rng(seed)
    part = rng.integers(0, parts, 300)
    corners = np.eye(6)[:parts] * 4
    return (corners[part] + rng.standard_normal((300, 6))).astype(np.float32), part


@pytest.mark.parametrize("method", LEARNERS)
@pytest.mark.parametrize("parts", [1, 2, 3])
def test_parts_that_differ_are_learned(method, parts):
    shots = [shot(seed, parts) for seed in (0, 1)]
    probe = fit_probe(method, *map(list, zip(*shots, strict=True)))
    features, truth = shot(7, parts)
    assert (probe(features) == truth).mean() > 0.9


@pytest.mark.parametrize("method", LEARNERS)
def test_only_parts_of_the_shots_are_predicted(method):
    features, part = shot(0)
    labels = np.where(part == 1, 5, 2)
    probe = fit_probe(method, [features], [labels])
    assert set(probe(shot(1)[0])) <= {2, 5}


def test_the_nearest_mean_is_nearest_by_distance():
    features, part = shot(3)
    probe = fit_probe("nearest_mean", [features], [part], points=10_000)
    standard = (features - features.mean(0)) / features.std(0)
    means = np.stack([standard[part == k].mean(0) for k in range(3)])
    nearest = ((standard[:, None] - means) ** 2).sum(2).argmin(1)
    assert (probe(features) == nearest).all()


def test_a_feature_without_spread_is_no_error():
    features, part = shot(0)
    features[:, 3] = 1
    assert np.isfinite(fit_probe("linear_probe", [features], [part]).weight).all()


def test_the_same_seed_learns_the_same():
    one, two = (fit_probe("linear_probe", *[[x] for x in shot(0)], points=50, seed=4) for _ in "ab")
    assert (one.weight == two.weight).all()


def test_errors_name_what_is_wrong():
    features, part = shot(0)
    with pytest.raises(UserError, match="from no shape"):
        fit_probe("linear_probe", [], [])
    with pytest.raises(UserError, match="299 part labels for 300 points"):
        fit_probe("linear_probe", [features], [part[1:]])
    with pytest.raises(UserError, match="nearest_mean"):
        fit_probe("knn", [features], [part])
