"""The pinhole camera: from depth maps to points and back, and poses between cameras.

A pixel's centre has whole coordinates; u is the column, v the row. A camera looks along +z, x goes
right, y goes down. A pose is a 4x4 matrix that takes points of a camera's frame to another frame.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from jaxtyping import Float

from pointclip.core.errors import UserError


# A rotation read from a text file has a few digits; what is farther off is no rotation.
ROTATION_TOLERANCE = 0.01


@dataclass(frozen=True)
class Camera:
    """Intrinsics, image size in pixels, and where the camera is (camera to world; metres)."""

    fx: float
    fy: float
    cx: float
    cy: float
    width: int
    height: int
    pose: np.ndarray = field(default_factory=lambda: np.eye(4), compare=False)

    @cached_property
    def matrix(self) -> Float[np.ndarray, "3 3"]:
        """K, which takes a point of the camera's frame to its pixel times its depth."""
        return np.array([[self.fx, 0, self.cx], [0, self.fy, self.cy], [0, 0, 1.0]])

    @property
    def intrinsics(self) -> tuple[float, float, float, float]:
        """fx, fy, cx, cy."""
        return self.fx, self.fy, self.cx, self.cy

    def at(self, pose: Float[np.ndarray, "4 4"]) -> "Camera":
        """The same camera elsewhere."""
        return Camera(*self.intrinsics, self.width, self.height, pose)

    def resized(self, width: int, height: int) -> "Camera":
        """The same view at another image size, whose pixels cover the same field of view."""
        x, y = width / self.width, height / self.height
        # Pixel centres are whole numbers, so an image reaches from -0.5 to width - 0.5.
        cx, cy = (self.cx + 0.5) * x - 0.5, (self.cy + 0.5) * y - 0.5
        return Camera(self.fx * x, self.fy * y, cx, cy, width, height, self.pose)


def make_camera(
    intrinsics: Sequence[float | int] | np.ndarray,
    width: int,
    height: int,
    what: str = "the camera",
) -> Camera:
    """A camera at the origin from fx, fy, cx, cy or from a 3x3 matrix.

    Raises:
        UserError: if a focal length is not positive, a number is not finite, or the principal
            point lies outside the image: intrinsics of another image size show so.
    """
    numbers = np.asarray(intrinsics, dtype=float)
    if numbers.shape == (3, 3):
        numbers = numbers[[0, 1, 0, 1], [0, 1, 2, 2]]
    if numbers.shape != (4,) or not np.isfinite(numbers).all():
        raise UserError(
            f"Intrinsics of {what} must be four numbers fx, fy, cx, cy or a 3x3 matrix, "
            f"not {np.asarray(intrinsics).tolist()}."
        )
    fx, fy, cx, cy = map(float, numbers)
    if fx <= 0 or fy <= 0:
        raise UserError(f"Focal lengths of {what} must be positive, not {fx:g} and {fy:g}.")
    if not (0 <= cx < width and 0 <= cy < height):
        raise UserError(
            f"The principal point ({cx:g}, {cy:g}) of {what} lies outside the image of "
            f"{width} x {height} pixels: are these the intrinsics of another image size?"
        )
    return Camera(fx, fy, cx, cy, width, height)


def check_pose(pose: np.ndarray, what: str = "pose") -> Float[np.ndarray, "4 4"]:
    """`pose` as float64 if it is a rigid motion; its rotation is made exactly orthonormal.

    Raises:
        UserError: if it is not 4x4, holds a number that is not finite, or its upper left 3x3 part
            is no rotation.
    """
    pose = np.asarray(pose, dtype=float)
    if pose.shape != (4, 4) or not np.isfinite(pose).all():
        raise UserError(f"{what} must be a 4x4 matrix of finite numbers.")
    rotation = pose[:3, :3]
    with np.errstate(over="ignore", invalid="ignore"):  # huge numbers end as infinite ones
        off = np.abs(rotation @ rotation.T - np.eye(3)).max()
        determinant = np.linalg.det(rotation)
    if not (off <= ROTATION_TOLERANCE and determinant > 0):
        raise UserError(
            f"{what} holds no rotation: R times its transpose differs from the identity by "
            f"{off:.2g} and its determinant is {determinant:.3g}, not 1."
        )
    if np.abs(pose[3] - [0, 0, 0, 1]).max() > 1e-6:
        raise UserError(f"The last row of {what} must be 0 0 0 1, not {pose[3].tolist()}.")
    u, _, vt = np.linalg.svd(rotation)
    exact = np.eye(4)
    exact[:3, :3], exact[:3, 3] = u @ vt, pose[:3, 3]
    return exact


def transform(
    pose: Float[np.ndarray, "4 4"], points: Float[np.ndarray, "*point 3"]
) -> Float[np.ndarray, "*point 3"]:
    """Points taken by a pose; one with scale in its upper left part scales them."""
    return points @ pose[:3, :3].T + pose[:3, 3]


def inverse(pose: Float[np.ndarray, "4 4"]) -> Float[np.ndarray, "4 4"]:
    """The inverse of a rigid motion."""
    back = np.eye(4)
    back[:3, :3] = pose[:3, :3].T
    back[:3, 3] = -pose[:3, :3].T @ pose[:3, 3]
    return back


def project(points: Float[np.ndarray, "*point 3"], camera: Camera) -> Float[np.ndarray, "*point 2"]:
    """(u, v) of points in the camera's frame, which must lie before it."""
    z = points[..., 2]
    u = points[..., 0] / z * camera.fx + camera.cx
    v = points[..., 1] / z * camera.fy + camera.cy
    return np.stack([u, v], axis=-1)


def lift(
    uv: Float[np.ndarray, "*point 2"], depth: Float[np.ndarray, "*point"], camera: Camera
) -> Float[np.ndarray, "*point 3"]:
    """Points in the camera's frame from pixels and their depths in metres."""
    x = (uv[..., 0] - camera.cx) / camera.fx * depth
    y = (uv[..., 1] - camera.cy) / camera.fy * depth
    return np.stack([x, y, depth], axis=-1)


def pixel_grid(camera: Camera) -> Float[np.ndarray, "height width 2"]:
    """(u, v) of every pixel."""
    u, v = np.meshgrid(np.arange(camera.width, dtype=float), np.arange(camera.height, dtype=float))
    return np.stack([u, v], axis=-1)
