"""What a file may hold: points, or triangles on which points are sampled."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Integer

from pointclip.clouds.colors import unit_colors
from pointclip.core.errors import UserError


MAX_POINTS = 1_000_000
MAX_ABS_COORD = 1e12
BLOCK = 1 << 17  # rows that are read or computed at a time


@dataclass(frozen=True)
class Scan:
    """Points as a file gives them; some may not be finite."""

    points: Float[np.ndarray, "point 3"]
    colors: Float[np.ndarray, "point 3"] | None = None


# Colours at places on triangles, from the numbers of the triangles and the weights of the corners.
Paint = Callable[
    [Integer[np.ndarray, "sample"], Float[np.ndarray, "sample 3"]],
    Float[np.ndarray, "sample 3"] | None,
]


@dataclass(frozen=True)
class Mesh:
    """Triangles over vertices as a file gives them; indices are not checked yet."""

    vertices: Float[np.ndarray, "vertex 3"]
    triangles: Integer[np.ndarray, "triangle 3"]
    paint: Paint | None = None


def vertex_paint(
    colors: Float[np.ndarray, "vertex 3"] | None, triangles: Integer[np.ndarray, "triangle 3"]
) -> Paint | None:
    """Colours between those of the corners."""
    if colors is None:
        return None
    return lambda number, weights: np.einsum("sc,scx->sx", weights, colors[triangles[number]])


class Subsampler:
    """Collects points block by block, and keeps at most `limit` of them, each as likely as another.

    A row is a point, or a point and its colour, as the file holds it. Memory is bounded for scans
    of any size; a smaller scan is kept whole and in its order.
    """

    def __init__(self, rng: np.random.Generator, limit: int = MAX_POINTS) -> None:
        self.rng, self.limit = rng, limit
        self.probability, self.count = 1.0, 0
        self.blocks: list[np.ndarray] = []

    def add(self, points: Float[np.ndarray, "point column"]) -> None:
        points = points[np.isfinite(points[:, :3]).all(1)]
        if self.probability < 1:
            points = points[self.rng.random(len(points)) < self.probability]
        self.blocks.append(np.array(points, np.float64))
        self.count += len(points)
        while self.count > 2 * self.limit:
            self.blocks = [b[self.rng.random(len(b)) < 0.5] for b in self.blocks]
            self.count = sum(map(len, self.blocks))
            self.probability /= 2

    def scan(self, largest: float | None = None) -> Scan:
        """What was collected; `largest` is what the file holds for a colour of 1."""
        points = np.concatenate(self.blocks) if self.blocks else np.empty((0, 3))
        if len(points) > self.limit:
            points = points[np.sort(self.rng.choice(len(points), self.limit, replace=False))]
        colors = points[:, 3:] if points.shape[1] > 3 else None
        return Scan(points[:, :3], unit_colors(colors, largest))


def sample_surface(
    mesh: Mesh, points: int, rng: np.random.Generator, colored: bool = False
) -> Scan:
    """Points on the triangles of a mesh, equally dense everywhere: independent of each other, so
    that any first few of them are such a sample too. With their colours if they are asked for and
    the mesh has any.

    Raises:
        UserError: if a triangle names a vertex that is not there, or the mesh has no area.
    """
    vertices, triangles = mesh.vertices.astype(np.float64, copy=False), mesh.triangles
    if len(triangles) and not 0 <= triangles.min() <= triangles.max() < len(vertices):
        raise UserError(f"its faces name vertices beyond the {len(vertices)} that it has")
    finite = np.isfinite(vertices).all(axis=1)
    kept = None
    if not finite.all():
        kept = np.flatnonzero(np.take(finite, triangles).all(axis=1))
        triangles = triangles[kept]
    area = _areas(vertices, triangles)
    total = area.sum()
    if not total > 0:
        raise UserError("its faces have no area")
    number = rng.choice(len(area), points, p=area / total)
    corners = vertices[triangles[number]]
    sides = corners[:, 1:] - corners[:, :1]
    along = rng.random((points, 2, 1))
    # Fold the far half of the parallelogram back into the triangle.
    along = np.where(along.sum(1, keepdims=True) > 1, 1 - along, along)
    places = corners[:, 0] + (sides * along).sum(1)
    if not colored or mesh.paint is None:
        return Scan(places)
    if kept is not None:
        number = kept[number]
    second, third = along[:, 0], along[:, 1]
    return Scan(places, mesh.paint(number, np.hstack([1 - second - third, second, third])))


def _areas(
    vertices: Float[np.ndarray, "vertex 3"], triangles: Integer[np.ndarray, "triangle 3"]
) -> Float[np.ndarray, "triangle"]:
    """Twice the area of each triangle; in blocks, as the corners take more memory than the file."""
    area = np.empty(len(triangles))
    for start in range(0, len(triangles), BLOCK):
        corners = vertices[triangles[start : start + BLOCK]]
        check_bounds(corners.reshape(-1, 3))
        sides = corners[:, 1:] - corners[:, :1]
        area[start : start + BLOCK] = np.linalg.norm(np.cross(sides[:, 0], sides[:, 1]), axis=1)
    return area


def check_bounds(points: Float[np.ndarray, "point 3"]) -> None:
    """Refuse coordinates that no measurement has, and with which squares overflow."""
    largest = max(-points.min(initial=0), points.max(initial=0))
    if largest > MAX_ABS_COORD:
        raise UserError(f"its coordinates go up to {largest:.1e}, which is out of bounds")


def fan_triangulate(
    corners: Integer[np.ndarray, "corner"], lengths: Integer[np.ndarray, "polygon"]
) -> Integer[np.ndarray, "triangle 3"]:
    """Split polygons into triangles that all start at the polygon's first corner.

    Args:
        corners: of all polygons, one after another.
        lengths: how many corners each polygon has; below three, it has no triangles.
    """
    counts = np.maximum(lengths - 2, 0)
    starts = np.cumsum(lengths) - lengths
    first = np.repeat(starts, counts)
    # 1, 2, … within each polygon.
    second = first + 1 + np.arange(len(first)) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.stack([corners[first], corners[second], corners[second + 1]], 1)


def records(path: Path, record: np.dtype, start: int, count: int) -> Iterator[np.ndarray]:
    """The records of a file from byte `start` on, in blocks."""
    with path.open("rb") as f:
        f.seek(start)
        while count:
            block = np.fromfile(f, record, min(count, BLOCK))
            if not len(block):
                raise UserError("it is cut short")
            count -= len(block)
            yield block
