"""What one setting of part segmentation changes: both experiments on the same test shapes."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from pointclip.evaluation.part_score import IDENTITY, MEASURES, class_mean_interval


def compare_parts(shapes: pd.DataFrame, comparisons: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """A row for every pair: the IoU over present parts of both, and the difference.

    The interval is that of the difference: both are scored on the same shapes, so shape by
    shape the differences are resampled, not the scores.

    Args:
        shapes: the rows of `part_score.score_parts`.
        comparisons: from `config.part_comparisons`.
    """
    by_run = {
        key: rows.groupby(["class", "id"])[MEASURES].mean()
        for key, rows in shapes.groupby(IDENTITY)
    }
    records = []
    for pair in comparisons:
        own, other = (by_run[tuple(pair[k][axis] for axis in IDENTITY)] for k in ("run", "against"))
        difference = (own - other).reset_index()
        low, high = class_mean_interval(difference)
        means = [each.groupby("class")[MEASURES].mean().mean() for each in (other, own)]
        records.append(
            {
                **{key: pair[key] for key in ("setting", "usual", "value")},
                **{key: pair["run"][key] for key in ("segmenter", "shots")},
                "iou_usual": means[0]["iou_present"],
                "iou_value": means[1]["iou_present"],
                "difference": means[1]["iou_present"] - means[0]["iou_present"],
                "low": low,
                "high": high,
                "iou_released_difference": means[1]["iou"] - means[0]["iou"],
                "accuracy_difference": means[1]["accuracy"] - means[0]["accuracy"],
                "n": int(np.isfinite(difference["iou_present"]).sum()),
            }
        )
    columns = list(records[0]) if records else ["setting"]
    table = pd.DataFrame(records, columns=columns)
    return table.sort_values(["setting"], kind="stable").reset_index(drop=True)
