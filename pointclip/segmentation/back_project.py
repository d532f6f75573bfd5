"""From the patches of depth maps to the points: which pixel a point has, and what lies there.

Every point is rendered to one pixel of every view (`look_up`). A map of patch features is read at
that pixel, bilinearly between the centres of its cells, and a point's feature is the weighted sum
of what the views that see it hold there (`to_points`). All is linear: the sum of logits over views
is the logit of the summed feature.

PointCLIP V2's part segmentation, as released, looks points up at the transposed pixel and reads
patch features in scrambled order (zeroshot_seg at 0b5aee8). `LookUp.seen_transposed` and
`scrambled` repeat both, for comparison with its published numbers only.
"""

from typing import NamedTuple

import numpy as np
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Bool, Float, Int
from torch import Tensor

from pointclip.core.errors import UserError
from pointclip.projection import render_cpu
from pointclip.projection.projection import Projection, check_points


# A point is seen where the image is this close to the point's own value (as released).
SEEN_WITHIN = 0.1


class LookUp(NamedTuple):
    """Depth maps, the pixel (row, column) of every point in each, and whether it is seen there;
    `seen_transposed`: whether the release, which looks at (column, row), calls it seen."""

    images: Float[np.ndarray, "shape view height width"]
    pixels: Int[np.ndarray, "shape view point 2"]
    seen: Bool[np.ndarray, "shape view point"]
    seen_transposed: Bool[np.ndarray, "shape view point"]


def look_up(
    projection: Projection,
    points: Float[np.ndarray, "shape point 3"],
    threads: int = 1,
) -> LookUp:
    """Render depth maps and look every point up in each.

    Raises:
        UserError: if the projection renders dots, not a surface, or points are not finite.
    """
    check_points(points)
    if projection.params["method"] != "surface":
        raise UserError(
            f"Projection '{projection.name}' renders dots: points can be looked up in surfaces "
            "only, such as 'pointclip_v2' or 'elevated_ring'."
        )
    images, pixels, *own = render_cpu.look_up(
        points, projection.rotations, projection.params, threads
    )
    inside = pixels[..., 0] >= 0
    pixels = np.where(inside[..., None], pixels, 0)
    row, column = pixels[..., 0].astype(np.int64), pixels[..., 1].astype(np.int64)
    flat, side = images.reshape(*images.shape[:2], -1), images.shape[-1]
    seen = [
        inside & (np.abs(np.take_along_axis(flat, place, axis=2) - value) < SEEN_WITHIN)
        for place, value in zip((row * side + column, column * side + row), own, strict=True)
    ]
    return LookUp(images, pixels, *seen)


def input_positions(
    pixels: Int[np.ndarray, "*axes 2"], side: int, size: int, released: bool = False
) -> Float[np.ndarray, "*axes 2"]:
    """Where pixels of a depth map of `side` pixels lie in the encoder's input of `size` pixels.

    As `encoders.preprocess` resizes: enlarging keeps the corner pixels' centres in the corners,
    shrinking averages over areas. The release rounds `pixel · size / side` up instead, up to one
    pixel off that grid.
    """
    if released:
        return np.ceil(pixels * (size / side)).astype(np.float32)
    if size < side:
        return ((pixels + 0.5) * (size / side) - 0.5).astype(np.float32)
    return (pixels * ((size - 1) / max(side - 1, 1))).astype(np.float32)


def scrambled(
    cells: Float[Tensor, "view channel row column"],
) -> Float[Tensor, "view channel row column"]:
    """Patch features as the release reads them: channels and places interleaved."""
    rows, columns = cells.shape[-2:]
    mixed = cells.reshape(cells.shape[0], rows * columns, cells.shape[1])
    return rearrange(mixed, "view (row column) channel -> view channel row column", row=rows)


def smooth_maps(
    maps: Float[Tensor, "view channel row column"], window: int
) -> Float[Tensor, "view channel row column"]:
    """The mean over `window` x `window` cells (6 as released; 0 or 1: nothing), borders repeated.

    An even window reaches one cell further down and to the right.
    """
    if window < 2:
        return maps
    before, after = (window - 1) // 2, window // 2
    padded = F.pad(maps, (before, after, before, after), mode="replicate")
    return F.avg_pool2d(padded, window, stride=1)


def read_maps(
    maps: Float[Tensor, "view channel row column"],
    positions: Float[Tensor, "view point 2"],
    size: int,
) -> Float[Tensor, "view point channel"]:
    """Maps that cover an input of `size` pixels, read between cells at (row, column) positions."""
    # grid_sample wants (x, y) from -1 to 1 between the outer edges of the outer pixels.
    grid = (positions.flip(-1) + 0.5) * (2 / size) - 1
    read = F.grid_sample(maps, grid.unsqueeze(1), padding_mode="border", align_corners=False)
    return rearrange(read, "view channel 1 point -> view point channel")


def to_points(
    cells: Float[Tensor, "view channel row column"],
    positions: Float[Tensor, "view point 2"],
    seen: Bool[Tensor, "view point"],
    size: int,
    window: int = 0,
    weights: Float[Tensor, " view"] | None = None,
    unit: bool = True,
) -> Float[Tensor, "point channel"]:
    """The sum over the views that see a point of the (unit) patch feature at its pixel.

    Args:
        positions: from `input_positions`.
        size: height and width of the encoder's input.
        window: see `smooth_maps`.
        weights: one per view; ones if not given.
        unit: bring every cell to unit length first.

    Returns:
        Zeros for a point that no view sees.
    """
    maps = cells.float()
    if unit:
        maps = F.normalize(maps, dim=1)
    maps = smooth_maps(maps, window)
    share = seen.float() if weights is None else seen * weights.unsqueeze(1)
    total = maps.new_zeros(positions.shape[1], maps.shape[1])
    # View by view: all views of all channels at once would be the largest array by far.
    for view in range(len(maps)):
        read = read_maps(maps[view : view + 1], positions[view : view + 1], size)[0]
        total += share[view].unsqueeze(1) * read
    return total


def fill_unseen(
    points: Float[np.ndarray, "point 3"],
    labels: Int[np.ndarray, " point"],
    seen: Bool[np.ndarray, " point"],
) -> Int[np.ndarray, " point"]:
    """Points that no view sees take the label of the nearest point that one does."""
    from scipy.spatial import cKDTree

    if seen.all() or not seen.any():
        return labels
    nearest = cKDTree(points[seen]).query(points[~seen])[1]
    filled = labels.copy()
    filled[~seen] = labels[seen][nearest]
    return filled
