"""What a caller gives to the classifier, checked: classes, and points in any of their forms."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from pointclip.classification.few_shot.adapter_file import Adapter
from pointclip.core.errors import UserError


def check_classes(classes: Sequence[str], adapter: Adapter | None) -> list[str]:
    """The classes as a list; those of the adapter, if none are given.

    Raises:
        UserError: if there are none, one is given twice, or the adapter knows others.
    """
    if isinstance(classes, str):
        raise UserError(f"Classes are a list of names: give ['{classes}'] in place of '{classes}'.")
    names = list(classes) or (adapter.classes if adapter else [])
    if adapter and names != adapter.classes:
        raise UserError(
            f"The adapter knows {', '.join(adapter.classes)}: give these classes or none."
        )
    if not names:
        raise UserError("Say what a cloud may be: give at least one class.")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UserError(f"The class '{twice}' is given twice.")
    return names


Compute = Callable[[Float[np.ndarray, "shape point 3"], Any], Tensor]


def of_each(points: Any, colors: Any, compute: Compute) -> Any:
    """What `compute` gives for clouds of equal size and their colours (or None).

    Args:
        points: `(point, 3)`, `(shape, point, 3)` or a list of `(point, 3)` of any sizes.
        colors: of the points, or None.

    Returns:
        Without the axis of shapes for one cloud; NumPy for NumPy, and a tensor on the same device
        for a tensor.
    """
    if isinstance(points, list | tuple) and len(points) > 0 and np.ndim(points[0]) == 2:
        painted = [None] * len(points) if colors is None else colors
        each = [of_each(*cloud, compute) for cloud in zip(points, painted, strict=True)]
        return torch.stack(each) if isinstance(each[0], Tensor) else np.stack(each)
    given = check_points(points)
    shapes = given.reshape(-1, *given.shape[-2:])
    found = compute(shapes, None if colors is None else as_numpy(colors).reshape(shapes.shape))
    found = found.reshape(*given.shape[:-2], *found.shape[1:])
    return found.to(points.device) if isinstance(points, Tensor) else found.numpy()


def check_points(points: Any, one: bool = False) -> Float[np.ndarray, "*batch point 3"]:
    """Points as NumPy holds them, of one cloud only or of several.

    Raises:
        UserError: if they have another shape, or are no finite numbers.
    """
    given = as_numpy(points)
    if given.ndim not in ((2,) if one else (2, 3)) or given.shape[-1] != 3 or 0 in given.shape:
        several = "" if one else " or (clouds, points, 3)"
        raise UserError(f"Points must have shape (points, 3){several}, not {given.shape}.")
    if not np.isfinite(given).all():
        raise UserError("Some coordinates are NaN or infinite: leave such points out.")
    return given


def as_numpy(values: Any) -> np.ndarray:
    """A tensor of any type (NumPy knows no bfloat16), or what NumPy reads as an array."""
    return (
        values.detach().cpu().double().numpy() if isinstance(values, Tensor) else np.asarray(values)
    )
