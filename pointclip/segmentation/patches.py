"""The stage that renders, looks up and encodes: one file of patch features for a shard of shapes.

Kept is what every later choice starts from: the cells as the tower gives them, and each point's
pixel in every view with whether it is seen there. Windows, weights, regions and sentences come
afterwards and need no encoder of images.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from pointclip.core.store import create_rows, new_h5, open_h5
from pointclip.encoders.dense import encode_dense
from pointclip.encoders.encoder import Encoder
from pointclip.encoders.preprocess import to_input
from pointclip.projection.batches import in_batches, shard_rows
from pointclip.projection.projection import Projection
from pointclip.segmentation.back_project import input_positions, look_up, scrambled, to_points
from pointclip.segmentation.geometry import describe
from pointclip.segmentation.part_set import PartSet


class Patches(NamedTuple):
    """One shape: cells of every view, the pixel of every point, whether it is seen there; what
    geometry says of the points (`geometry.describe`); the sides of the depth map and of the
    encoder's input. `seen_transposed` is that of the released look-up.
    """

    cells: Float[Tensor, "view channel row column"]
    pixels: Int[np.ndarray, "view point 2"]
    seen: Bool[np.ndarray, "view point"]
    seen_transposed: Bool[np.ndarray, "view point"]
    geometry: Float[np.ndarray, "point 10"]
    side: int
    size: int

    def point_features(
        self,
        window: int = 0,
        weights: Float[Tensor, " view"] | None = None,
        released: bool = False,
    ) -> Float[np.ndarray, "point channel"]:
        """See `back_project.to_points`; `released` repeats both faults of PointCLIP V2."""
        pixels, seen, cells = self.pixels, self.seen, self.cells.float()
        if released:
            pixels, seen = pixels[..., ::-1], self.seen_transposed
            cells = scrambled(torch.nn.functional.normalize(cells, dim=1))
        positions = torch.from_numpy(input_positions(pixels, self.side, self.size, released))
        found = to_points(
            cells,
            positions,
            torch.from_numpy(seen),
            self.size,
            window,
            weights,
            unit=not released,  # unit rows are scrambled, and then unit no more
        )
        return found.numpy()

    def seen_by_any(self) -> Bool[np.ndarray, " point"]:
        """Whether any view sees each point."""
        return np.asarray(self.seen.any(0))

    def one_view(self, view: int) -> "Patches":
        """The same as if there were no other view."""
        row = slice(view, view + 1)
        return self._replace(
            cells=self.cells[row],
            pixels=self.pixels[row],
            seen=self.seen[row],
            seen_transposed=self.seen_transposed[row],
        )

    def positions(self) -> Float[np.ndarray, "view point 2"]:
        """Where the points lie in the encoder's input."""
        return input_positions(self.pixels, self.side, self.size)


def encode_shapes(
    points: Float[np.ndarray, "shape point 3"],
    projection: Projection,
    encoder: Encoder,
    size: int,
    attention: str = "ordinary",
) -> list[Patches]:
    """Render, look up and encode some shapes, in half precision as they are stored.

    Raises:
        UserError: if the projection renders dots, or the backbone gives no patch features.
    """
    shapes = []
    for cloud, images, pixels, seen, other in zip(
        points, *look_up(projection, points), strict=True
    ):
        inputs = to_input(torch.from_numpy(images), (size, size), encoder.polarity)
        cells = encode_dense(encoder, inputs, attention).half()
        side = images.shape[-1]
        shapes.append(Patches(cells, pixels, seen, other, describe(cloud), side, size))
    return shapes


def encode_patches(
    clouds: str | Path,
    projection: Projection,
    encoder: Encoder,
    entry: Mapping[str, Any],
    out: str | Path,
    shard: int = 0,
    shards: int = 1,
) -> None:
    """Write the patch features of one shard of a part set's clouds.

    Args:
        entry: `size` of the encoder's input and `attention` (see `encoders.dense`).
    """
    with open_h5(clouds) as f:
        rows = shard_rows(len(f["id"]), shard, shards)
        attrs = {"projection": projection.name, "parameters": projection.params}
        attrs |= {"view_names": projection.view_names, "backbone": encoder.name, **entry}
        with new_h5(out, **attrs) as kept:
            kept["id"] = f["id"][rows.start : rows.stop]
            for batch in in_batches(rows, "Encoding patches"):
                shapes = encode_shapes(
                    f["points"][batch.start : batch.stop],
                    projection,
                    encoder,
                    entry["size"],
                    entry["attention"],
                )
                for row, shape in zip(batch, shapes, strict=True):
                    _write(kept, row - rows.start, len(rows), shape)


def read_patches(
    paths: Sequence[str | Path], ids: Sequence[str] | None = None
) -> Iterator[tuple[str, Patches]]:
    """Shape by shape, in the order of the shards; only those of `ids`, if given."""
    wanted = None if ids is None else set(ids)
    for path in paths:
        with open_h5(path) as f:
            for row, name in enumerate(f["id"].asstr()[:]):
                if wanted is None or name in wanted:
                    yield (
                        str(name),
                        Patches(
                            torch.from_numpy(f["cells"][row]),
                            f["pixels"][row].astype(np.int64),
                            f["seen"][row],
                            f["seen_transposed"][row],
                            f["geometry"][row].astype(np.float32),
                            int(f.attrs["side"]),
                            int(f.attrs["size"]),
                        ),
                    )


def _write(f: Any, row: int, rows: int, shape: Patches) -> None:
    arrays = {
        "cells": shape.cells.numpy(),
        "pixels": shape.pixels.astype(np.uint16),
        "seen": shape.seen,
        "seen_transposed": shape.seen_transposed,
        "geometry": shape.geometry.astype(np.float16),
    }
    for name, array in arrays.items():
        if name not in f:
            create_rows(f, name, (rows, *array.shape), array.dtype, pressed=True)
        f[name][row] = array
    f.attrs["side"] = shape.side


def with_patches(
    part_set: PartSet, patches: Sequence[str | Path], ids: Sequence[str] | None = None
) -> Iterator[tuple[int, Patches]]:
    """Row and patch features of every shape, or of those of `ids`."""
    row = {name: index for index, name in enumerate(part_set.id)}
    return ((row[name], shape) for name, shape in read_patches(patches, ids))
