"""Calibration and selective prediction from logits: temperature, ECE, Brier, NLL, risk-coverage.

Definitions follow pointcal-c (src/pointcal_c/evaluation/metrics.py and calibration/). No score of
confidence changes a prediction, which is always the largest logit.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from pointclip.classification.temperature import check_logits, softmax
from pointclip.core.errors import UserError


Logits = Float[np.ndarray, "shape class"]
Labels = Int[np.ndarray, " shape"]
Scores = Float[np.ndarray, " shape"]
COVERAGES = (0.9, 0.8, 0.7)
BINS = 15


def expected_calibration_error(confidence: Scores, right: Scores, bins: int = BINS) -> float:
    """Mean over shapes of |accuracy - mean confidence| of the shape's bin.

    Bins have equal width on 0 ... 1 and include their upper end; 0 is in the first.
    """
    return sum(
        weight * abs(accuracy - mean)
        for weight, accuracy, mean in reliability(confidence, right, bins)
    )


def reliability(
    confidence: Scores, right: Scores, bins: int = BINS
) -> list[tuple[float, float, float]]:
    """Fraction of the shapes, accuracy and mean confidence of every bin that is not empty."""
    edges = np.linspace(0, 1, bins + 1)
    index = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, bins - 1)
    return [
        (float(members.mean()), float(right[members].mean()), float(confidence[members].mean()))
        for members in (index == j for j in range(bins))
        if members.any()
    ]


def brier(probabilities: Logits, labels: Labels) -> float:
    """Mean over shapes of the squared distance to the label's one-hot vector: 0 to 2."""
    right = np.take_along_axis(probabilities, labels[:, None], axis=1)[:, 0]
    return float(((probabilities**2).sum(1) - 2 * right + 1).mean())


def negative_log_likelihood(probabilities: Logits, labels: Labels) -> float:
    """Mean of -ln p[label], with p at least 1e-12."""
    right = np.take_along_axis(probabilities, labels[:, None], axis=1)
    return float(-np.log(right.clip(1e-12)).mean())


@dataclass(frozen=True)
class RiskCoverage:
    """Error among the k most confident shapes, for every k.

    Attributes:
        coverage: k / n.
        risk: error rate among the first k; ties in confidence go to the lower index.
        aurc: mean of the risk.
        excess_aurc: aurc less that of the order with all right shapes first.
    """

    coverage: Scores
    risk: Scores
    aurc: float
    excess_aurc: float

    def accuracy_at(self, coverage: float) -> float:
        """Accuracy among the floor(coverage * n) most confident shapes, at least one."""
        kept = max(1, int(coverage * len(self.risk) + 1e-9))
        return float(1 - self.risk[kept - 1])


def risk_coverage(confidence: Scores, right: Scores) -> RiskCoverage:
    """The risk-coverage curve of a score of confidence."""
    if not len(confidence):
        raise UserError("A risk-coverage curve needs at least one shape.")
    order = np.argsort(-confidence, kind="stable")
    k = np.arange(1, len(order) + 1)
    risk = np.cumsum(1 - right[order].astype(np.float64)) / k
    ideal = np.maximum(k - right.sum(), 0) / k
    return RiskCoverage(k / len(k), risk, float(risk.mean()), float((risk - ideal).mean()))


def view_disagreement(view_logits: Float[np.ndarray, "shape view class"]) -> Scores:
    """Mean Jensen-Shannon divergence between the views' probabilities, over ln 2: 0 to 1.

    One view alone disagrees with none: 0.
    """
    views = view_logits.shape[1]
    p = softmax(view_logits)
    entropy = _entropy(p)
    pairs = [(i, j) for i in range(views) for j in range(i + 1, views)]
    if not pairs:
        return np.zeros(len(p))
    total = sum(
        _entropy((p[:, i] + p[:, j]) / 2) - (entropy[:, i] + entropy[:, j]) / 2 for i, j in pairs
    )
    return total / len(pairs) / np.log(2)


def measure(logits: Logits, labels: Labels, temperature: float = 1.0) -> dict[str, float]:
    """All metrics of one set of logits at a temperature.

    Returns:
        `ece`, `brier`, `nll`, `aurc`, `excess_aurc`, `mean_confidence` and `accuracy_at_90`,
        `_80`, `_70` (percent of coverage), all as fractions; `temperature` as given.

    Raises:
        UserError: if there is no shape, or a logit is NaN or infinite.
    """
    check_logits(logits, labels)
    p = softmax(logits / temperature)
    confidence = p.max(1)
    right = (logits.argmax(1) == labels).astype(np.float64)
    curve = risk_coverage(confidence, right)
    return {
        "temperature": float(temperature),
        "ece": expected_calibration_error(confidence, right),
        "brier": brier(p, labels),
        "nll": negative_log_likelihood(p, labels),
        "mean_confidence": float(confidence.mean()),
        "aurc": curve.aurc,
        "excess_aurc": curve.excess_aurc,
        **{f"accuracy_at_{100 * c:.0f}": curve.accuracy_at(c) for c in COVERAGES},
    }


def _entropy(p: Float[np.ndarray, "*shape class"]) -> Float[np.ndarray, "*shape"]:
    return -(p * np.log(p.clip(1e-300))).sum(-1)
