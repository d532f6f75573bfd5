"""Parts learned from a few labelled shapes of a class: one linear classifier on point features.

Both learners end as weights and biases on standardised features: the linear probe by logistic
regression, the nearest mean because |x - m|² is linear in x but for |x|², which all parts share.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Integer

from pointclip.core.errors import UserError, choose
from pointclip.core.extras import require


LEARNERS = ("linear_probe", "nearest_mean")


@dataclass(frozen=True)
class PartProbe:
    """`weight` · (x - centre) / scale + bias; its rows belong to `parts`, those that a shot has."""

    parts: Int[np.ndarray, " part"]
    centre: Float[np.ndarray, " channel"]
    scale: Float[np.ndarray, " channel"]
    weight: Float[np.ndarray, "part channel"]
    bias: Float[np.ndarray, " part"]

    def __call__(self, features: Float[np.ndarray, "point channel"]) -> Int[np.ndarray, " point"]:
        """The part of every point."""
        standard = (features - self.centre) / self.scale
        return self.parts[(standard @ self.weight.T + self.bias).argmax(1)]


def fit_probe(
    method: str,
    features: Sequence[Float[np.ndarray, "_ channel"]],
    parts: Sequence[Integer[np.ndarray, " _"]],
    c: float = 0.1,
    points: int = 512,
    seed: int = 0,
) -> PartProbe:
    """Learn from some points of each shot.

    Args:
        method: `linear_probe` or `nearest_mean`.
        features, parts: of every shot of one class.
        c: inverse regularisation of the linear probe, as in scikit-learn.
        points: how many points of each shot are sampled; all where there are fewer.

    Raises:
        UserError: if there is no shot, or labels do not fit the points.
    """
    choose(method, LEARNERS, "learner of parts")
    if not features:
        raise UserError("Parts cannot be learned from no shape: give at least one.")
    rng, x, y = np.random.default_rng(seed), [], []
    for one, labels in zip(features, parts, strict=True):
        if len(one) != len(labels):
            raise UserError(f"There are {len(labels)} part labels for {len(one)} points.")
        rows = rng.permutation(len(one))[:points]
        x.append(one[rows])
        y.append(labels[rows])
    rows, labels = np.concatenate(x).astype(np.float64), np.concatenate(y)
    centre, scale = rows.mean(0), rows.std(0)
    scale = np.where(scale > 0, scale, 1)
    standard, found = (rows - centre) / scale, np.unique(labels)
    if method == "nearest_mean":
        weight = np.stack([standard[labels == part].mean(0) for part in found])
        bias = -0.5 * (weight**2).sum(1)
    else:
        weight, bias = _regression(standard, labels, found, c)
    return PartProbe(
        found.astype(np.int64), *(v.astype(np.float32) for v in (centre, scale, weight, bias))
    )


def _regression(
    x: Float[np.ndarray, "row channel"],
    labels: Integer[np.ndarray, " row"],
    found: Integer[np.ndarray, " part"],
    c: float,
) -> tuple[Float[np.ndarray, "part channel"], Float[np.ndarray, " part"]]:
    require("sklearn", "workflow", "A linear probe")
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    if len(found) == 1:
        return np.zeros((1, x.shape[1])), np.zeros(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(C=c, max_iter=300).fit(x, labels)
    weight, bias = model.coef_, model.intercept_
    if len(found) == 2:  # scikit-learn keeps one row of log-odds for two classes
        weight, bias = np.concatenate([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
    return weight, bias
