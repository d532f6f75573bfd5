"""Where a pair is matched: FreeReg's grid of key-points over an image, and their points."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.spatial import cKDTree

from pointclip.core.errors import UserError
from pointclip.registration.camera import Camera, lift


# Of the release: the short side that the diffusion model sees, what its sides are multiples of,
# how wide it may be, and pixels per cell of the layer that gives the grid.
SHORT_SIDE, MULTIPLE, WIDEST, CELL = 512, 64, 2.5, 16
# Side in pixels of the squares for which the nearest key-point is looked up.
LOOKUP_CELL = 8


@dataclass(frozen=True)
class Keypoints:
    """The key-points of one side: pixels, and points in the camera's frame (NaN if unknown)."""

    uv: Int[np.ndarray, "keypoint 2"]
    points: Float[np.ndarray, "keypoint 3"]
    camera: Camera

    @cached_property
    def known(self) -> Bool[np.ndarray, " keypoint"]:
        """Whether a key-point has a valid depth, and so a point."""
        return np.isfinite(self.points).all(axis=1)

    @cached_property
    def nearest(self) -> Int[np.ndarray, "row column"]:
        """For each square of 8 x 8 pixels the index of the key-point nearest to its centre."""
        rows = -(-self.camera.height // LOOKUP_CELL)
        columns = -(-self.camera.width // LOOKUP_CELL)
        if not len(self.uv):
            return np.full((rows, columns), -1)
        v, u = np.mgrid[:rows, :columns] * LOOKUP_CELL + (LOOKUP_CELL - 1) / 2
        _, index = cKDTree(self.uv).query(np.stack([u, v], axis=-1).reshape(-1, 2))
        return index.reshape(rows, columns)


def resized_size(width: int, height: int, short_side: int = SHORT_SIDE) -> tuple[int, int]:
    """Width and height at which FreeReg's diffusion model sees an image (FREEREG 1.2)."""
    factor = short_side / min(width, height)
    # Python rounds half to even, as the release does.
    new_height = round(height * factor / MULTIPLE) * MULTIPLE
    new_width = round(width * factor / MULTIPLE) * MULTIPLE
    return min(new_width, int(WIDEST * new_height)), new_height


def grid(width: int, height: int) -> Int[np.ndarray, "keypoint 2"]:
    """(u, v) of FreeReg's key-points, row by row: one for each cell of 16 pixels after resizing.

    As in the release, steps are cut to whole pixels, so the grid ends before the right and lower
    border: at u = 609 of 640.
    """
    wide, high = resized_size(width, height)
    columns, rows = wide // CELL, high // CELL
    return cells(width, height, columns, rows)


def cells(width: int, height: int, columns: int, rows: int) -> Int[np.ndarray, "keypoint 2"]:
    """(u, v) of a grid of so many columns and rows, laid out as the release does."""
    step_u, step_v = max(width // columns, 1), max(height // rows, 1)
    v, u = np.mgrid[:rows, :columns]
    uv = np.stack([u * step_u + step_u // 2, v * step_v + step_v // 2], axis=-1).reshape(-1, 2)
    return uv[(uv[:, 0] < width) & (uv[:, 1] < height)].astype(np.int64)


def choose_keypoints(
    width: int, height: int, choice: str | int, seed: int
) -> Int[np.ndarray, "keypoint 2"]:
    """FreeReg's grid, or so many random pixels.

    Raises:
        UserError: if `choice` is neither `grid` nor a positive number.
    """
    if choice == "grid":
        return grid(width, height)
    if not isinstance(choice, int) or not 0 < choice <= width * height:
        raise UserError(
            f"Key-points '{choice}' are neither 'grid' nor a number up to the image's "
            f"{width * height} pixels."
        )
    pixels = np.random.default_rng(seed).choice(width * height, choice, replace=False)
    return np.stack([pixels % width, pixels // width], axis=-1).astype(np.int64)


def lift_keypoints(
    uv: Int[np.ndarray, "keypoint 2"],
    depth: Float[np.ndarray, "height width"],
    camera: Camera,
    nearest: float,
    farthest: float,
) -> Float[np.ndarray, "keypoint 3"]:
    """Points of key-points in the camera's frame; not a number where the depth is not valid."""
    d = depth[uv[:, 1], uv[:, 0]].astype(float)
    d[~((d > nearest) & (d < farthest))] = np.nan
    return lift(uv.astype(float), d, camera)
