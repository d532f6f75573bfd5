"""Probabilities of logits, and the temperature that makes them fit labelled shapes best.

A temperature changes no prediction. As in pointcal-c (src/pointcal_c/calibration), but fitted on
held-out train shapes, never on test shapes.
"""

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import minimize

from pointclip.core.errors import UserError


Logits = Float[np.ndarray, "shape class"]
Labels = Int[np.ndarray, " shape"]
LOWEST, HIGHEST = 0.05, 20.0  # temperatures


def softmax(logits: Float[np.ndarray, "*shape class"]) -> Float[np.ndarray, "*shape class"]:
    """Probabilities in double precision."""
    shifted = np.exp(logits - logits.max(-1, keepdims=True).astype(np.float64))
    return shifted / shifted.sum(-1, keepdims=True)


def fit_temperature(logits: Logits, labels: Labels) -> float:
    """The temperature T, in 0.05 ... 20, of least mean -ln softmax(logits / T)[label].

    Args:
        logits: of labelled shapes that are neither shots nor test shapes.

    Raises:
        UserError: if there is no shape, or a logit is NaN or infinite.
    """
    check_logits(logits, labels)
    wide = logits.astype(np.float64)
    own = np.take_along_axis(wide, labels[:, None], axis=1)[:, 0]

    def loss_and_slope(log_t: np.ndarray) -> tuple[float, np.ndarray]:
        inverse = np.exp(-log_t[0])
        log_sum = np.logaddexp.reduce(wide * inverse, axis=1)
        expected = (softmax(wide * inverse) * wide).sum(1)
        slope = inverse * (own - expected).mean()
        return float((log_sum - own * inverse).mean()), np.array([slope])

    options = {"ftol": 1e-15, "gtol": 1e-12, "maxiter": 500}
    limits = [(np.log(LOWEST), np.log(HIGHEST))]
    found = minimize(
        loss_and_slope, np.zeros(1), jac=True, method="L-BFGS-B", bounds=limits, options=options
    )
    return float(np.exp(found.x[0]))


def check_logits(logits: Logits, labels: Labels) -> None:
    """See that there are shapes, and that no logit is NaN or infinite.

    Raises:
        UserError: saying which it is.
    """
    if not len(labels):
        raise UserError("Calibration needs at least one labelled shape.")
    if not np.isfinite(logits).all():
        broken = int(np.count_nonzero(~np.isfinite(logits).all(1)))
        raise UserError(f"The logits of {broken} shapes are NaN or infinite: nothing to calibrate.")
