"""Smooth deformations of a cloud by control points that are moved at random."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from numpy.random import RandomState
from scipy.spatial.distance import cdist
from scipy.special import comb


Cloud = Float[np.ndarray, "point 3"]


def free_form(points: Cloud, width: float, rng: RandomState) -> Cloud:
    """Free-form deformation: Bernstein polynomials of degree 4 over a 5x5x5 grid on [-1, 1]^3.

    Args:
        width: control points move by U(-width, width) along each axis, in units of the grid's side.
    """
    weights = rng.rand(3, 5, 5, 5) * 2 * width - width
    t = (points.astype(np.float64)[..., None] + 1) / 2
    i = np.arange(5)
    bernstein = comb(4, i) * (1 - t) ** (4 - i) * t**i  # (point, axis, 5)
    shift = np.einsum("pi,pj,pk,aijk->pa", *bernstein.transpose(1, 0, 2), weights)
    inside = (np.abs(points) <= 1).all(1, keepdims=True)
    return points + np.where(inside, 2 * shift, 0)


def radial(
    points: Cloud, radius: float, rng: RandomState, basis: Callable[[np.ndarray], np.ndarray]
) -> Cloud:
    """Move the 125 points of a grid on [-1, 1]^3, and interpolate.

    Args:
        radius: how far each point of the grid moves, in a direction of its own.
        basis: a function of the distance; an affine part is added to it.
    """
    side = np.linspace(-1, 1, 5)
    z, y, x = np.meshgrid(side, side, side)
    grid = np.stack([x.ravel(), y.ravel(), z.ravel()], axis=1)
    alpha = rng.rand(125) * 2 * np.pi - np.pi
    gamma = rng.rand(125) * 2 * np.pi - np.pi
    sin = np.sin(gamma)
    shift = radius * np.stack([np.cos(alpha) * sin, np.sin(alpha) * sin, np.cos(gamma)], axis=1)
    system = np.zeros((129, 129))
    system[:125, :125] = basis(cdist(grid, grid))
    system[:125, 125] = system[125, :125] = 1
    system[:125, 126:] = grid
    system[126:, :125] = grid.T
    weights = np.linalg.solve(system, np.concatenate([grid + shift, np.zeros((4, 3))]))
    one = np.ones((len(points), 1))
    return np.hstack([basis(cdist(points, grid)), one, points]) @ weights
