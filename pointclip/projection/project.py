"""The stage that draws: clouds to depth maps, a batch at a time, without torch."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin
import numpy as np
from jaxtyping import Float

from pointclip.core.errors import UserError
from pointclip.core.job import progress
from pointclip.core.store import new_h5, open_h5
from pointclip.projection.projection import Projection


# Shapes that go through projection and encoder at once. Fixed, because a feature's last bits may
# depend on the batch it was made in.
BATCH = 16


def project(
    clouds: str | Path,
    projection: Projection,
    out: str | Path,
    shard: int = 0,
    shards: int = 1,
    threads: int = 1,
) -> None:
    """Draw the depth maps of one shard of a split, as float16, compressed shape by shape."""
    with open_h5(clouds) as f:
        rows = shard_rows(len(f["id"]), shard, shards)
        with new_h5(out, **projection_attrs(projection)) as depth:
            depth["id"] = f["id"][rows.start : rows.stop]
            size = (len(rows), projection.views, *projection.size)
            stored = depth.create_dataset(
                # Of all filters, zstd leaves the smallest files; its higher levels take twice the
                # time and save nothing.
                "depth",
                size,
                np.float16,
                chunks=(1, *size[1:]),
                maxshape=(None, *size[1:]),  # or no chunk would fit an empty shard
                **hdf5plugin.Zstd(clevel=1),
            )
            batches = in_batches(rows, f"Drawing {projection.name}")
            for batch, drawn in _drawn_ahead(f["points"], batches, projection, threads):
                stored[batch.start - rows.start : batch.stop - rows.start] = drawn


def in_half(
    projection: Projection, points: np.ndarray, threads: int = 1
) -> Float[np.ndarray, "cloud view height width"]:
    """Depth maps as they are stored: in half precision."""
    from pointclip.projection import render_cpu

    return render_cpu.to_half(projection.on_numpy(points, threads))


def shard_rows(total: int, shard: int, shards: int) -> range:
    """The rows of shard `shard` of `shards`: contiguous, and whole batches but for the last, so
    that features do not depend on the number of shards."""
    if not 0 <= shard < shards:
        raise UserError(f"There is no shard {shard} of {shards}: they count from 0.")
    batches = -(-total // BATCH)
    start, stop = (min(batches * k // shards * BATCH, total) for k in (shard, shard + 1))
    return range(start, stop)


def projection_attrs(projection: Projection) -> dict[str, Any]:
    """What a file of depth maps or features says of its projection."""
    # With the names of the views, so that figures need not build the projection to know them.
    return {
        "projection": projection.name,
        "parameters": projection.params,
        "view_names": projection.view_names,
    }


def in_batches(rows: range, desc: str) -> Iterator[range]:
    """Rows in turns of `BATCH`, with progress."""
    return progress(split_rows(rows), len(rows), "shape", desc, BATCH)


def split_rows(rows: range) -> Iterator[range]:
    """Rows in turns of `BATCH`."""
    return (rows[i : i + BATCH] for i in range(0, len(rows), BATCH))


def _drawn_ahead(
    points: h5py.Dataset, batches: Iterator[range], projection: Projection, threads: int
) -> Iterator[tuple[range, Float[np.ndarray, "cloud view height width"]]]:
    """Draw every batch, one ahead of the caller, who compresses and writes meanwhile."""
    with ThreadPoolExecutor(1) as pool:
        waiting: deque[tuple[range, Future[np.ndarray]]] = deque()
        for batch in batches:
            # Read here: HDF5 would make a reading thread wait until the caller has written.
            read = points[batch.start : batch.stop]
            waiting.append((batch, pool.submit(in_half, projection, read, threads)))
            if len(waiting) > 1:
                done, drawn = waiting.popleft()
                yield done, drawn.result()
        for done, drawn in waiting:
            yield done, drawn.result()
