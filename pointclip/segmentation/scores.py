"""Scores of part segmentation: accuracy and the IoU of parts, by two rules.

The rule of PointNet and PointCLIP V2 counts a part that is neither in the truth nor in the answer
as an IoU of 1. It rewards answers of few parts: the best single part of every class scores 41 by it
and 25 over the parts that are present. So both are given, side by side.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float, Integer

from pointclip.core.errors import UserError


def part_ious(
    predicted: Integer[np.ndarray, " point"],
    truth: Integer[np.ndarray, " point"],
    parts: Sequence[int],
) -> Float[np.ndarray, " part"]:
    """|predicted and true| / |predicted or true| of each part; NaN if it is in neither."""
    ids = np.asarray(parts)[:, None]
    said, true = predicted == ids, truth == ids
    union = (said | true).sum(1)
    return np.where(union > 0, (said & true).sum(1) / np.maximum(union, 1), np.nan)


def shape_scores(
    predicted: Integer[np.ndarray, " point"],
    truth: Integer[np.ndarray, " label"],
    parts: Sequence[int],
) -> dict[str, float]:
    """Accuracy and both mean IoUs of one shape, in percent.

    Args:
        parts: ids of all parts that the shape's class has.

    Returns:
        `accuracy`; `iou`: over all parts of the class, 1 for a part in neither (the released rule);
        `iou_present`: over the parts that the truth has.

    Raises:
        UserError: if labels do not fit the points or the parts.
    """
    check_labels(truth, len(predicted), parts)
    ious = part_ious(predicted, truth, parts)
    present = np.isin(parts, truth)
    return {
        "accuracy": 100 * float((predicted == truth).mean()),
        "iou": 100 * float(np.where(np.isnan(ious), 1, ious).mean()),
        "iou_present": 100 * float(ious[present].mean()),
    }


def check_labels(labels: Integer[np.ndarray, " label"], points: int, parts: Sequence[int]) -> None:
    """See that labels are one per point, and all of them parts.

    Raises:
        UserError: with the number of labels, or the first label that is no part.
    """
    if len(labels) != points:
        raise UserError(f"There are {len(labels)} part labels for {points} points: give one each.")
    unknown = labels[~np.isin(labels, parts)]
    if len(unknown):
        raise UserError(
            f"Part label {int(unknown[0])} is none of the class's parts: "
            f"{', '.join(str(part) for part in parts)}."
        )


def means(shapes: pd.DataFrame) -> dict[str, float]:
    """Means over the rows of `shape_scores`.

    Args:
        shapes: a row per shape: `class` and the scores.

    Returns:
        `class_*`: the mean over classes of the mean over a class's shapes; `instance_*`: the mean
        over all shapes.
    """
    names = ["accuracy", "iou", "iou_present"]
    by_class = shapes.groupby("class")[names].mean().mean()
    return {f"class_{name}": float(by_class[name]) for name in names} | {
        f"instance_{name}": float(shapes[name].mean()) for name in names
    }


def best_single_part(labels: Sequence[Integer[np.ndarray, " _"]], parts: Sequence[int]) -> int:
    """The part that, given to all points of all shapes, has the highest mean IoU over present
    parts: what an answer without any look at the shape is worth. Of equals the first."""
    ious = [
        np.mean([(one == part).mean() / len(np.unique(one)) for one in labels]) for part in parts
    ]
    return int(parts[int(np.argmax(ious))])
