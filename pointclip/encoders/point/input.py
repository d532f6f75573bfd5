"""From clouds as they are stored to what a 3D network reads, as its release prepares them."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from pointclip.clouds.colors import GREY
from pointclip.core.errors import UserError


def check_clouds(
    points: Float[np.ndarray, "shape point 3"],
    colors: Float[np.ndarray, "coloured color 3"] | None,
    fewest: int,
    name: str,
) -> None:
    """Refuse clouds that the network `name` cannot read.

    Args:
        fewest: the number of points that the network needs.

    Raises:
        UserError: naming the first such cloud and what is wrong with it.
    """
    if points.shape[1] < fewest:
        raise UserError(
            f"{name} samples {fewest} groups or neighbours, and the cloud has {points.shape[1]} "
            f"points: give at least {fewest}."
        )
    if bad := _first(~np.isfinite(points)):
        raise UserError(
            f"Point {bad[1]} of cloud {bad[0]} is {points[bad[:2]].tolist()}: not finite."
        )
    extent = np.ptp(points, axis=1).max(axis=1)
    if bad := _first(extent < 1e-6):
        place = points[bad[0], 0].tolist()
        raise UserError(f"All points of cloud {bad[0]} lie at {place}: it has no shape.")
    if colors is None:
        return
    if colors.shape != points.shape:
        raise UserError(f"{colors.shape[1]} colours do not fit {points.shape[1]} points.")
    if bad := _first(~((colors >= 0) & (colors <= 1))):
        value = colors[bad[:2]].tolist()
        raise UserError(f"Colour {bad[1]} of cloud {bad[0]} is {value}: allowed are 0 to 1.")


def prepare_clouds(
    points: Float[np.ndarray, "shape point 3"],
    colors: Float[np.ndarray, "shape point 3"] | None,
    count: int,
    repeat: bool,
    z_up: bool,
) -> tuple[Float[Tensor, "shape read 3"], Float[Tensor, "shape read 3"]]:
    """Points in the unit sphere, centred on their mean, and colours; both float32.

    Of a larger cloud `count` points are chosen at random. A cloud that is not larger is taken as it
    is, or, with `repeat`, shuffled and filled with random points of its own up to `count`. The
    choice depends on the number of points alone, so a cloud has one result in every batch.

    Args:
        points: y up.
        colors: in 0..1; None gives all points the same grey.
        z_up: exchange y and z, as OpenShape does for the networks that read z up.
    """
    index = chosen_points(points.shape[1], count, repeat)
    if index is not None:
        points = points[:, index]
        colors = None if colors is None else colors[:, index]
    points = points.astype(np.float32)
    points = points - points.mean(axis=1, keepdims=True)
    points = points / np.linalg.norm(points, axis=-1).max(axis=1)[:, None, None]
    if z_up:
        points = points[..., [0, 2, 1]]
    if colors is None:
        colors = np.full_like(points, GREY)
    return torch.from_numpy(np.ascontiguousarray(points)), torch.from_numpy(np.float32(colors))


def chosen_points(points: int, count: int, repeat: bool) -> np.ndarray | None:
    """Which of `points` points are read, in which order; None for all as they are."""
    generator = np.random.default_rng(0)
    if points > count:
        return generator.permutation(points)[:count]
    if not repeat:
        return None
    index = np.append(np.arange(points), generator.integers(points, size=count - points))
    return generator.permutation(index)


def _first(bad: np.ndarray) -> tuple[int, ...]:
    """The index of the first True, or nothing."""
    places = np.argwhere(bad)
    return tuple(int(n) for n in places[0]) if len(places) else ()
