"""The ceiling of a grid of patches: what perfect patch features would give."""

import numpy as np
import torch
from jaxtyping import Float, Int

from pointclip.segmentation.back_project import fill_unseen
from pointclip.segmentation.patches import Patches


def perfect_parts(
    points: Float[np.ndarray, "point 3"],
    truth: Int[np.ndarray, " point"],
    shape: Patches,
    parts: int,
) -> Int[np.ndarray, " point"]:
    """What perfect patch features would give: every cell holds the true parts of the points that
    are seen in it, and points read the cells as they read features. It needs the true labels."""
    views, _, rows, columns = shape.cells.shape
    painted = np.zeros((views, parts, rows, columns), np.float32)
    cell = np.floor((shape.positions() + 0.5) * (np.array([rows, columns]) / shape.size))
    cell = np.clip(cell.astype(np.int64), 0, [rows - 1, columns - 1])
    view, point = np.nonzero(shape.seen)
    where = cell[view, point]
    np.add.at(painted, (view, truth[point], where[:, 0], where[:, 1]), 1)
    perfect = shape._replace(cells=torch.from_numpy(painted))
    labels = perfect.point_features().argmax(1)
    return fill_unseen(points, labels, shape.seen_by_any())
