"""Confidence intervals of accuracies, in percent.

(Those of parts are in `part_score`, those of registration in `registration/summary.py`.)
"""

import numpy as np
from jaxtyping import Float
from scipy.special import bdtrik, stdtrit


CONFIDENCE = 0.95


def seed_interval(accuracy: Float[np.ndarray, " seed"]) -> tuple[float, float]:
    """95 % interval of the mean over seeds (Student's t), within 0..100; nan for a single seed."""
    n = len(accuracy)
    if n < 2:
        return np.nan, np.nan
    half = stdtrit(n - 1, (1 + CONFIDENCE) / 2) * accuracy.std(ddof=1) / np.sqrt(n)
    return max(0.0, float(accuracy.mean() - half)), min(100.0, float(accuracy.mean() + half))


def bootstrap_interval(accuracy: float, n: int) -> tuple[float, float]:
    """95 % percentile bootstrap interval of an accuracy (in percent) on `n` test shapes.

    Resampling n predictions of which a share p is right gives Binomial(n, p), so the limits of
    infinitely many resamples are its quantiles: no resampling, no seed.
    """
    p = accuracy / 100
    if n == 0 or not 0 < p < 1:
        return float(accuracy), float(accuracy)
    tails = np.array([(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    # bdtrik is the real k at which the distribution function reaches a tail; nan means k < 0.
    limits = np.ceil(np.nan_to_num(bdtrik(tails, n, p))) / n * 100
    return float(limits[0]), float(limits[1])
