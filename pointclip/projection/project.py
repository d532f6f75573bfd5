"""The stage `project`: clouds to depth maps, a batch at a time, without torch."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

import h5py
import numpy as np

from pointclip.core.store import create_rows, new_h5, open_h5
from pointclip.projection import dots
from pointclip.projection.batches import in_batches, shard_rows
from pointclip.projection.float16 import render_float16
from pointclip.projection.projection import Projection


def project(
    clouds: str | Path,
    projection: Projection,
    out: str | Path,
    shard: int = 0,
    shards: int = 1,
    threads: int = 1,
) -> None:
    """Render the depth maps of one shard of a split, as float16, compressed shape by shape.

    Args:
        clouds: a file with `points` (shape, point, 3) and `id`.
        out: gets `depth` (shape, view, height, width) and `id`; attributes say which projection.

    Raises:
        UserError: if a cloud cannot be rendered, or there is no such shard.
    """
    with open_h5(clouds) as f:
        rows = shard_rows(len(f["id"]), shard, shards)
        # With the names of the views, so that figures need not build the projection to know them.
        attrs = {
            "projection": projection.name,
            "parameters": projection.params,
            "view_names": projection.view_names,
        }
        with new_h5(out, **attrs) as depth:
            depth["id"] = f["id"][rows.start : rows.stop]
            size = (len(rows), projection.views, *projection.size)
            batches = in_batches(rows, f"Rendering {projection.name}")
            if projection.has_dots:
                stored = dots.create(depth, "depth", size)
                packed = partial(_packed_dots, projection)
                for batch, chunks in _prefetch(f["points"], batches, packed, threads):
                    dots.write(stored, batch.start - rows.start, chunks)
                return
            stored = create_rows(depth, "depth", size, np.float16, pressed=True)
            dense = partial(render_float16, projection)
            for batch, maps in _prefetch(f["points"], batches, dense, threads):
                stored[batch.start - rows.start : batch.stop - rows.start] = maps


def _packed_dots(projection: Projection, points: np.ndarray, threads: int) -> list[np.ndarray]:
    height, width = projection.size
    return dots.pack_shapes(
        projection.render_dots(points, threads), projection.views, height * width
    )


Rendered = TypeVar("Rendered")


def _prefetch(
    points: h5py.Dataset,
    batches: Iterator[range],
    render: Callable[[np.ndarray, int], Rendered],
    threads: int,
) -> Iterator[tuple[range, Rendered]]:
    """Render every batch, one ahead of the caller, who compresses and writes meanwhile."""
    with ThreadPoolExecutor(1) as pool:
        waiting: deque[tuple[range, Future[Rendered]]] = deque()
        for batch in batches:
            # Read here: HDF5 would make a reading thread wait until the caller has written.
            read = points[batch.start : batch.stop]
            waiting.append((batch, pool.submit(render, read, threads)))
            if len(waiting) > 1:
                done, maps = waiting.popleft()
                yield done, maps.result()
        for done, maps in waiting:
            yield done, maps.result()
