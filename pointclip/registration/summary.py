"""Tables of registration: a row for each way to register a set of pairs."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Bool

from pointclip.catalog.columns import REGISTRATION, REGISTRATION_IDENTITY, TAILS
from pointclip.registration.metrics import LIMITS, MATCHED_RATIO


RESAMPLES, BOOTSTRAP_SEED = 2000, 0
KEY = list(REGISTRATION_IDENTITY)


def summarise(rows: pd.DataFrame, limits: Mapping[str, Sequence[float]]) -> pd.DataFrame:
    """One row a (pairs, features, solver), in the order in which they come: ours (`plain`).

    A pair without a pose or with fewer than three matches that can be judged is a failure in every
    column. Ratios and recalls are means over pairs, in percent; errors are medians over all pairs,
    where no pose counts as 180 degrees and an infinite distance.

    Args:
        limits: set of pairs -> degrees and metres of its `registration_recall`.
    """
    records = []
    for key, group in rows.groupby(KEY, sort=False, dropna=False):
        identity = dict(zip(KEY, key, strict=True))
        records.append({**identity, **numbers(group, limits[identity["pairs"]])})
    return pd.DataFrame(records, columns=REGISTRATION)


def numbers(group: pd.DataFrame, limits: Sequence[float]) -> dict[str, Any]:
    """All numbers of one row of the table, from the score rows of its pairs."""
    ratio, number = group["inlier_ratio"], group["inlier_number"]
    judged = ratio.notna().any()  # the identity pose has no matches at all
    result: dict[str, Any] = {
        "n_pairs": len(group),
        "inlier_ratio": 100 * ratio.mean() if judged else np.nan,
        "inlier_number": number.mean() if judged else np.nan,
        "feature_matching_recall": 100 * (ratio > MATCHED_RATIO).mean() if judged else np.nan,
    }
    own = {**LIMITS, "registration_recall": tuple(limits)}
    for name, limit in own.items():
        result[name] = 100 * successes(group, limit).mean()
    result["rotation_error_deg"] = group["rotation_error_deg"].fillna(180.0).median()
    metres = group["translation_error_m"].fillna(np.inf).median()
    result["translation_error_m"] = metres if np.isfinite(metres) else np.nan
    result["seconds_per_pair"] = group["seconds"].mean()
    return result


def successes(group: pd.DataFrame, limits: Sequence[float]) -> Bool[np.ndarray, " pair"]:
    """Which pairs have both errors strictly below the limits (degrees, metres)."""
    near = group["rotation_error_deg"].to_numpy(float) < limits[0]
    return near & (group["translation_error_m"].to_numpy(float) < limits[1])


def released(rows: pd.DataFrame, limits: Mapping[str, Sequence[float]]) -> pd.DataFrame:
    """The same by the release's definitions (FREEREG 2.1), to compare with published numbers only.

    A pair with fewer than three matches that can be judged has an inlier ratio of 1. A pair without
    a pose has no errors here (the release takes a random pose); it is no success either way.
    """
    records = []
    for key, group in rows.groupby(KEY, sort=False, dropna=False):
        identity = dict(zip(KEY, key, strict=True))
        good = successes(group, limits[identity["pairs"]])
        ratio = group["released_inlier_ratio"]
        if not ratio.notna().any():
            continue
        records.append(
            {
                **identity,
                "n_pairs": len(group),
                "inlier_ratio": 100 * ratio.mean(),
                "inlier_number": group["released_inlier_number"].mean(),
                "feature_matching_recall": 100 * (ratio > MATCHED_RATIO).mean(),
                "registration_recall": 100 * good.mean(),
                "mean_rotation_error_deg": group["rotation_error_deg"].mean(),
                "mean_translation_error_m": group["translation_error_m"].mean(),
            }
        )
    return pd.DataFrame(records)


def per_scene(rows: pd.DataFrame, limits: Mapping[str, Sequence[float]]) -> pd.DataFrame:
    """Recall of every scene with its bootstrap interval over pairs, and over all scenes."""
    records = []
    for key, group in rows.groupby(KEY, sort=False, dropna=False):
        identity = dict(zip(KEY, key, strict=True))
        scenes = list(group.groupby("scene", sort=True))
        for scene, part in [*scenes, *([("all", group)] if len(scenes) > 1 else [])]:
            good = successes(part, limits[identity["pairs"]])
            low, high = bootstrap(good)
            recall = 100 * good.mean()
            numbers_ = {"n_pairs": len(part), "registration_recall": recall}
            records.append({**identity, "scene": scene, **numbers_, "low": low, "high": high})
    return pd.DataFrame(records)


def bootstrap(good: Bool[np.ndarray, " pair"]) -> tuple[float, float]:
    """Percentile interval of a recall in percent, over other samples of as many pairs."""
    rng = np.random.default_rng(BOOTSTRAP_SEED)
    samples = rng.binomial(len(good), good.mean(), RESAMPLES) / len(good)
    low, high = np.quantile(100 * samples, TAILS)
    return float(low), float(high)
