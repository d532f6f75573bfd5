import pytest

from pointclip.core.errors import UserError
from pointclip.projection.batches import BATCH, in_batches, shard_rows, split_rows


@pytest.mark.parametrize("total", [0, 1, 16, 17, 1000])
@pytest.mark.parametrize("shards", [1, 3, 8])
def test_shards_are_contiguous_whole_batches_and_cover_everything(total, shards):
    ranges = [shard_rows(total, shard, shards) for shard in range(shards)]
    assert [row for rows in ranges for row in rows] == list(range(total))
    assert all(rows.start % BATCH == 0 or not rows for rows in ranges)


@pytest.mark.parametrize("shard", [-1, 3])
def test_a_shard_that_is_not_there_is_named(shard):
    with pytest.raises(UserError, match=f"no shard {shard} of 3: they count from 0"):
        shard_rows(10, shard, 3)


def test_batches_keep_the_order_and_the_last_may_be_shorter():
    rows = range(5, 5 + 2 * BATCH + 3)
    batches = list(split_rows(rows))
    assert [len(batch) for batch in batches] == [BATCH, BATCH, 3]
    assert [row for batch in batches for row in batch] == list(rows)
    assert list(in_batches(rows, "Testing")) == batches
