"""What a caller gives to the classifier, checked: classes and points."""

from collections.abc import Sequence
from typing import Any

import numpy as np
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


def is_list_of_clouds(points: Any) -> bool:
    """Whether it is a list or tuple of `(point, 3)`, which may have unequal sizes."""
    return isinstance(points, list | tuple) and len(points) > 0 and np.ndim(points[0]) == 2


def check_points(points: Any) -> Float[np.ndarray, "*batch point 3"]:
    """Points as NumPy holds them.

    Raises:
        UserError: if they have another shape, or are no finite numbers.
    """
    given = as_numpy(points)
    if given.ndim not in (2, 3) or given.shape[-1] != 3 or 0 in given.shape:
        raise UserError(
            f"Points must have shape (points, 3) or (clouds, points, 3), not {given.shape}."
        )
    if not np.isfinite(given).all():
        raise UserError("Some coordinates are NaN or infinite: leave such points out.")
    return given


def as_numpy(values: Any) -> np.ndarray:
    """A tensor of any type (NumPy knows no bfloat16), or what NumPy reads as an array."""
    return (
        values.detach().cpu().double().numpy() if isinstance(values, Tensor) else np.asarray(values)
    )
