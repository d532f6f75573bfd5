"""What a file may hold: points, or triangles with points to be drawn on them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from jaxtyping import Float, Integer

from pointclip.core.errors import UserError


MOST = 1_000_000
BLOCK = 1 << 17
LARGEST = 1e12


@dataclass(frozen=True)
class Scan:
    """Points as a file gives them; some may not be finite."""

    points: Float[np.ndarray, "point 3"]


@dataclass(frozen=True)
class Mesh:
    """Triangles over vertices as a file gives them; indices are not checked yet."""

    vertices: Float[np.ndarray, "vertex 3"]
    triangles: Integer[np.ndarray, "triangle 3"]


class Thinner:
    """Collects points block by block, and keeps at most `most` of them, each as likely as another.

    Memory is bounded for scans of any size; a smaller scan is kept whole and in its order.
    """

    def __init__(self, rng: np.random.Generator, most: int = MOST) -> None:
        self.rng, self.most = rng, most
        self.share, self.count = 1.0, 0
        self.blocks: list[np.ndarray] = []

    def add(self, points: Float[np.ndarray, "point 3"]) -> None:
        points = points[np.isfinite(points).all(1)]
        if self.share < 1:
            points = points[self.rng.random(len(points)) < self.share]
        self.blocks.append(np.array(points, np.float64))
        self.count += len(points)
        while self.count > 2 * self.most:
            self.blocks = [b[self.rng.random(len(b)) < 0.5] for b in self.blocks]
            self.count = sum(map(len, self.blocks))
            self.share /= 2

    def scan(self) -> Scan:
        points = np.concatenate(self.blocks) if self.blocks else np.empty((0, 3))
        if len(points) > self.most:
            points = points[np.sort(self.rng.choice(len(points), self.most, replace=False))]
        return Scan(points)


def sample_surface(
    mesh: Mesh, points: int, rng: np.random.Generator
) -> Float[np.ndarray, "{points} 3"]:
    """Points on the triangles of a mesh, equally dense everywhere: independent of each other, so
    that any first few of them are such a sample too.

    Raises:
        UserError: if a triangle names a vertex that is not there, or the mesh has no area.
    """
    vertices, triangles = mesh.vertices.astype(np.float64), mesh.triangles
    if len(triangles) and not 0 <= triangles.min() <= triangles.max() < len(vertices):
        raise UserError(f"its faces name vertices beyond the {len(vertices)} that it has")
    corners = vertices[triangles]
    corners = corners[np.isfinite(corners).all((1, 2))]
    check_bounds(corners.reshape(-1, 3))
    sides = corners[:, 1:] - corners[:, :1]
    area = np.linalg.norm(np.cross(sides[:, 0], sides[:, 1]), axis=1)
    total = area.sum()
    if not total > 0:
        raise UserError("its faces have no area")
    picked = rng.choice(len(area), points, p=area / total)
    along = rng.random((points, 2, 1))
    # Fold the far half of the parallelogram back into the triangle.
    along = np.where(along.sum(1, keepdims=True) > 1, 1 - along, along)
    return corners[picked, 0] + (sides[picked] * along).sum(1)


def check_bounds(points: Float[np.ndarray, "point 3"]) -> None:
    """Refuse coordinates that no measurement has, and with which squares overflow."""
    largest = max(-points.min(initial=0), points.max(initial=0))
    if largest > LARGEST:
        raise UserError(f"its coordinates go up to {largest:.1e}, which is out of bounds")


def fan(polygon: list[int]) -> list[int]:
    """The corners of the triangles of a polygon, all from its first corner."""
    return [v for a, b in pairwise(polygon[1:]) for v in (polygon[0], a, b)]


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
