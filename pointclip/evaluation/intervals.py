"""Confidence intervals of accuracies, in percent.

Other intervals: of differences paired by seed in `ranking.py`, of parts in `part_score.py`, of
registration in `registration/summary.py`. What tables say of them: `scripts/accuracy.py` and the
captions in `workflow/report/`.
"""

import numpy as np
from jaxtyping import Float
from scipy.special import bdtrik, stdtrit

from pointclip.catalog.columns import TAILS


def seed_interval(accuracy: Float[np.ndarray, " seed"]) -> tuple[float, float]:
    """Interval of the mean over seeds (Student's t), within 0..100; nan for a single seed."""
    n = len(accuracy)
    if n < 2:
        return np.nan, np.nan
    half = stdtrit(n - 1, TAILS[1]) * accuracy.std(ddof=1) / np.sqrt(n)
    return max(0.0, float(accuracy.mean() - half)), min(100.0, float(accuracy.mean() + half))


def bootstrap_interval(accuracy: float, n: int) -> tuple[float, float]:
    """Percentile bootstrap interval of an accuracy (in percent) on `n` test shapes.

    Resampling n predictions of which a share p is right gives Binomial(n, p), so the limits of
    infinitely many resamples are its quantiles: no resampling, no seed.
    """
    p = accuracy / 100
    if n == 0 or not 0 < p < 1:
        return float(accuracy), float(accuracy)
    # bdtrik is the real k at which the distribution function reaches a tail; nan means k < 0.
    limits = np.ceil(np.nan_to_num(bdtrik(np.array(TAILS), n, p))) / n * 100
    return float(limits[0]), float(limits[1])
