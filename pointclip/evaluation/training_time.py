"""What training cost, beside the accuracy that it gave."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from pointclip.catalog.columns import IDENTITY
from pointclip.config.experiments import Run, score_columns
from pointclip.core import store


def training_times(
    runs: Sequence[Run], files: Sequence[str | Path], scores: pd.DataFrame
) -> pd.DataFrame:
    """CPU seconds of training a seed, and mean and standard deviation of the accuracy.

    Args:
        runs: few-shot experiments.
        files: how long each training took, in the same order.

    Returns:
        The columns of IDENTITY, `seconds`, `mean`, `std`; no row where there is no score.
    """
    rows = []
    for run, path in zip(runs, files, strict=True):
        with store.open_h5(path) as f:
            rows.append({**score_columns(run), "seconds": float(f.attrs["seconds"])})
    times = pd.DataFrame(rows, columns=[*IDENTITY, "seconds"])
    accuracy = scores.groupby(IDENTITY)["accuracy"].agg(["mean", "std"]).reset_index()
    return times.merge(accuracy, on=IDENTITY)
