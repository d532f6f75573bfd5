"""Shapes in batches and shards, for every stage that renders or encodes."""

from collections.abc import Iterator

from pointclip.core.errors import UserError
from pointclip.core.job import progress


# Shapes that go through projection and encoder at once. Fixed, because a feature's last bits may
# depend on the batch it was made in.
BATCH = 16


def shard_rows(total: int, shard: int, shards: int) -> range:
    """The rows of shard `shard` of `shards`: contiguous, and whole batches but for the last, so
    that features do not depend on the number of shards.

    Raises:
        UserError: if there is no such shard.
    """
    if not 0 <= shard < shards:
        raise UserError(f"There is no shard {shard} of {shards}: they count from 0.")
    batches = -(-total // BATCH)
    start, stop = (min(batches * k // shards * BATCH, total) for k in (shard, shard + 1))
    return range(start, stop)


def split_rows(rows: range) -> Iterator[range]:
    """Consecutive parts of `BATCH` rows; the last may be shorter."""
    return (rows[i : i + BATCH] for i in range(0, len(rows), BATCH))


def in_batches(rows: range, desc: str) -> Iterator[range]:
    """The parts of `split_rows`, with progress."""
    return progress(split_rows(rows), len(rows), "shape", desc, BATCH)
