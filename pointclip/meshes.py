"""Triangles, and points on them."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Integer

from pointclip.errors import UserError


@dataclass(frozen=True)
class Mesh:
    """Triangles over vertices, as a file gives them: indices are not checked yet."""

    vertices: Float[np.ndarray, "vertex 3"]
    triangles: Integer[np.ndarray, "triangle 3"]


def sample_surface(
    mesh: Mesh, points: int, rng: np.random.Generator
) -> Float[np.ndarray, "{points} 3"]:
    """Points on the triangles of a mesh, as dense everywhere: independent, so that any first few
    of them are a sample too.

    Raises:
        UserError: if a triangle names a vertex that is not there, or the mesh has no area.
    """
    vertices, triangles = mesh.vertices.astype(np.float64), mesh.triangles
    if len(triangles) and not 0 <= triangles.min() <= triangles.max() < len(vertices):
        raise UserError(f"its faces name vertices beyond the {len(vertices)} that it has")
    corners = vertices[triangles]
    corners = corners[np.isfinite(corners).all((1, 2))]
    if len(corners) and np.abs(corners).max() > 1e12:
        raise UserError(f"its coordinates go up to {np.abs(corners).max():.1e}, out of bounds")
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


def fan(polygons: list[list[int]]) -> Integer[np.ndarray, "triangle 3"]:
    """Triangles of polygons, all from each one's first corner."""
    triangles = [(p[0], p[i], p[i + 1]) for p in polygons for i in range(1, len(p) - 1)]
    return np.array(triangles, np.int64).reshape(-1, 3)
