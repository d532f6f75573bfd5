"""The classifier on files: a window of clouds at a time, and a sentence where one is unreadable."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pointclip.app.backbone import load_points
from pointclip.app.predictions import Prediction
from pointclip.core.errors import UserError


if TYPE_CHECKING:
    from pointclip.app.model import PointCLIP

Loaded = tuple[np.ndarray, np.ndarray | None]


def classify_files(
    model: "PointCLIP", files: Iterable[str | Path], points: int | None, up: str, batch: int
) -> Iterator[Prediction]:
    """See `PointCLIP.classify`."""
    window: list[tuple[Path, Loaded | str]] = []
    for file in files:
        window.append((Path(file), _load(model, Path(file), points, up)))
        if len(window) == batch:
            yield from _read_window(model, window)
            window = []
    yield from _read_window(model, window)


def _load(model: "PointCLIP", file: Path, points: int | None, up: str) -> Loaded | str:
    try:
        return load_points(file, points, up, model.encoder)
    except UserError as error:
        return str(error)


def _read_window(
    model: "PointCLIP", window: list[tuple[Path, Loaded | str]]
) -> Iterator[Prediction]:
    """Predictions in the order of the files; depth maps of all are encoded at once."""
    clouds = [cloud for _, cloud in window if not isinstance(cloud, str)]
    if model.projection is None or not clouds:
        found = iter([_read_one(model, *cloud) for cloud in clouds])
    else:
        found = iter(model(np.stack([points for points, _ in clouds])))
    for file, cloud in window:
        read = cloud if isinstance(cloud, str) else next(found)
        yield Prediction(file, error=read) if isinstance(read, str) else Prediction(file, read)


def _read_one(
    model: "PointCLIP", points: np.ndarray, colors: np.ndarray | None
) -> "np.ndarray | str":
    try:
        return model(points, colors)
    except UserError as error:
        return str(error)
