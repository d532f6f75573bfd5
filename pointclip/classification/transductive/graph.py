"""Nearest neighbours of unit vectors, as sparse matrices of cosines."""

import numpy as np
from jaxtyping import Float, Int
from scipy.sparse import csr_array


ROWS = 2048  # of a block of cosines in memory


def nearest(
    queries: Float[np.ndarray, "query feature"],
    targets: Float[np.ndarray, "target feature"],
    count: int,
    skip_own: bool = False,
) -> tuple[Int[np.ndarray, "query near"], Float[np.ndarray, "query near"]]:
    """Index and cosine of the `count` nearest targets of every query, nearest first.

    Args:
        count: fewer are returned if there are fewer targets.
        skip_own: queries are the targets, and an item is no neighbour of itself.
    """
    count = min(count, len(targets) - skip_own)
    index = np.empty((len(queries), count), np.int64)
    cosine = np.empty((len(queries), count), queries.dtype)
    for start in range(0, len(queries), ROWS):
        block = queries[start : start + ROWS] @ targets.T
        rows = np.arange(len(block))
        if skip_own:
            block[rows, start + rows] = -np.inf
        kept = slice(start, start + len(block))
        index[kept] = np.argsort(-block, axis=1, kind="stable")[:, :count]
        cosine[kept] = np.take_along_axis(block, index[kept], axis=1)
    return index, cosine


def neighbour_matrix(
    index: Int[np.ndarray, "row near"], cosine: Float[np.ndarray, "row near"], columns: int
) -> csr_array:
    """Row i holds the cosines of the neighbours of item i."""
    starts = np.arange(0, index.size + 1, max(index.shape[1], 1))[: len(index) + 1]
    if not index.size:
        return csr_array((len(index), columns), dtype=cosine.dtype)
    return csr_array((cosine.ravel(), index.ravel(), starts), shape=(len(index), columns))
