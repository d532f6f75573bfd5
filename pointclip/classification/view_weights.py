"""Weights of the views: v1's exhaustive search, exact and fast, or the ones that V2 ships."""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import numpy as np
from jaxtyping import Float, Int

from pointclip.catalog.view_weights import V2_VIEW_WEIGHTS
from pointclip.core.errors import UserError
from pointclip.core.jit import compiled


log = logging.getLogger(__name__)
GRID = (0.25, 0.5, 0.75, 1.0)
# More would take hours and gigabytes of counters.
MAX_COMBINATIONS = 4**12


def grid_search(
    logits: Float[np.ndarray, "shape view class"],
    labels: Int[np.ndarray, " shape"],
    grid: Sequence[float] = GRID,
    threads: int = 1,
) -> tuple[np.ndarray, float]:
    """The view weights of the grid with the highest accuracy, and that accuracy in percent.

    Every combination is tried. Two halves of the views are summed beforehand, so that a combination
    costs one addition a class instead of one a view and class. A tie between classes goes to the
    lower label, as with argmax. A tie between weights goes to those nearest to equal ones (largest
    cosine with them), then to the larger ones, then to the first in the grid's order. Sums are in
    float64, where the grid's quarters of float32 logits are exact.

    Raises:
        UserError: without a shape, or with more combinations than can be tried.
    """
    shapes, views, _ = logits.shape
    if not shapes:
        raise UserError("View weights cannot be searched without a labelled shape.")
    if len(grid) ** views > MAX_COMBINATIONS:
        raise UserError(
            f"{len(grid)} weights for {views} views are {len(grid) ** views} combinations: "
            f"at most {MAX_COMBINATIONS} can be searched."
        )
    cut = (views + 1) // 2
    first, second = _combinations(grid, cut), _combinations(grid, views - cut)
    margins = logits.astype(np.float64)
    margins -= np.take_along_axis(margins, labels.reshape(-1, 1, 1).astype(np.int64), axis=2)
    correct = _count_correct(margins, labels.astype(np.int64), first, second, threads)
    best = np.argwhere(correct == correct.max())
    tied = np.hstack([first[best[:, 0]], second[best[:, 1]]])
    length = np.linalg.norm(tied, axis=1)
    evenness = tied.sum(1) / np.where(length > 0, length, 1)
    order = np.lexsort((-tied.sum(1), -evenness.round(9)))
    weights, accuracy = tied[order[0]], 100 * float(correct.max()) / shapes
    log.info("View weights %s: %.2f %% of %d shapes", weights.tolist(), accuracy, shapes)
    return weights, accuracy


def shipped_weights(dataset: str, projection: str, backbone: str) -> tuple[float, ...] | None:
    """The weights that V2 ships for a backbone, if there are any.

    Args:
        dataset: a data set of `V2_VIEW_WEIGHTS`, as the entry's `v2_view_weights` names it; empty
            for none.
        projection: an id; the weights belong to the views of `pointclip_v2` alone.
    """
    if projection != "pointclip_v2":
        return None
    return V2_VIEW_WEIGHTS.get(dataset, {}).get(backbone)


def released_weights(
    test_logits: Float[np.ndarray, "shape view class"],
    test_labels: Int[np.ndarray, " shape"],
    shipped: Sequence[float] | None = None,
    threads: int = 1,
) -> Float[np.ndarray, " view"]:
    """View weights for `released`: `shipped` ones that fit the views, else v1's post-search.

    Both are selected on TEST labels.
    """
    if shipped is not None and len(shipped) == test_logits.shape[1]:
        return np.array(shipped)
    return grid_search(test_logits, test_labels, threads=threads)[0]


def _combinations(grid: Sequence[float], views: int) -> np.ndarray:
    return np.array(list(product(grid, repeat=views)), dtype=np.float64)


@compiled
def _count(margins, labels, first, second, counts):  # type: ignore[no-untyped-def]
    """Count, for each pair of half-combinations, the shapes for which no class beats the label.

    Shapes: margins (shape, view, class), first (combination, view), counts (first, second).
    """
    shapes, views, classes = margins.shape
    cut = first.shape[1]
    left = np.empty((classes, len(first)))
    right = np.empty((classes, len(second)))
    low, high = np.empty(classes), np.empty(classes)
    rivals = np.empty(classes, dtype=np.int64)
    wins = np.empty(len(second), dtype=np.int32)
    for shape in range(shapes):
        own = labels[shape]
        for k in range(classes):
            for i in range(len(first)):
                total = 0.0
                for v in range(cut):
                    total += first[i, v] * margins[shape, v, k]
                left[k, i] = total
            for j in range(len(second)):
                total = 0.0
                for v in range(views - cut):
                    total += second[j, v] * margins[shape, cut + v, k]
                right[k, j] = total
            low[k], high[k] = right[k].min(), right[k].max()
        for i in range(len(first)):
            # A rival that can never win, or one that always does, settles it without a loop.
            count, lost = 0, False
            for k in range(classes):
                if k == own:
                    continue
                if left[k, i] + low[k] > 0 or (k < own and left[k, i] + low[k] == 0):
                    lost = True
                    break
                if left[k, i] + high[k] >= 0:
                    rivals[count] = k
                    count += 1
            if lost:
                continue
            wins[:] = 1
            for r in range(count):
                k = rivals[r]
                # A rival of a lower label wins a tie; a bound just below zero says so.
                bound = -5e-324 if k < own else 0.0
                offset = left[k, i]
                for j in range(len(second)):
                    wins[j] &= np.int32(offset + right[k, j] <= bound)
            for j in range(len(second)):
                counts[i, j] += wins[j]


def _count_correct(
    margins: np.ndarray, labels: np.ndarray, first: np.ndarray, second: np.ndarray, threads: int
) -> np.ndarray:
    """Split the shapes among threads: counts are whole numbers, so any split has the same sum."""
    threads = max(1, min(threads, len(labels)))
    counts = np.zeros((threads, len(first), len(second)), dtype=np.int32)
    with ThreadPoolExecutor(threads) as pool:
        jobs = [
            pool.submit(_count, *part, first, second, total)
            for *part, total in zip(
                np.array_split(margins, threads),
                np.array_split(labels, threads),
                counts,
                strict=True,
            )
        ]
        for job in jobs:
            job.result()
    return counts.sum(axis=0)
