"""The page of one registration: matches, the cloud in the photo, and the camera in the cloud."""

import base64
import io

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from pointclip.app.register import Registration
from pointclip.app.viewer import fill_page
from pointclip.registration.camera import Camera, lift, transform
from pointclip.report.figures.registration import draw_matches, draw_overlay
from pointclip.report.figures.style import styled


SHOWN_POINTS = 60_000
DOTS_PER_INCH = 140
# How long the camera is on the page, as a part of the cloud's extent.
FRUSTUM = 0.15


def page(found: Registration, title: str, made: str = "") -> str:
    """The whole page as text; it fetches nothing."""
    rows = [] if found.pose is None else np.round(found.pose, 5).tolist()
    data = {
        "title": title,
        "made": made,
        "note": f"{int(found.inliers.sum())} of {len(found.inliers)} matches agree with the pose",
        "pose": rows,
        "matches": _png(_matches(found)),
        "overlay": _png(_overlay(found)),
        **_cloud(found),
    }
    return fill_page("register", data)


@styled
def _matches(found: Registration) -> Figure:
    figure = Figure(figsize=(10, 3.6))
    axis = figure.subplots()
    draw_matches(axis, found.picture)
    axis.set_title("")
    return figure


@styled
def _overlay(found: Registration) -> Figure:
    height, width = found.picture.photo.shape[:2]
    figure = Figure(figsize=(6, 6 * height / width))
    draw_overlay(figure.subplots(), found.picture, found.picture.pose)
    return figure


def _png(figure: Figure) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def _cloud(found: Registration) -> dict:
    """The points within the unit sphere, as the viewer takes them, and the camera's lines."""
    points = found.points
    if len(points) > SHOWN_POINTS:
        points = points[np.random.default_rng(0).choice(len(points), SHOWN_POINTS, replace=False)]
    centre = np.quantile(points, (0.01, 0.99), axis=0).mean(axis=0)
    extent = max(float(np.quantile(np.linalg.norm(points - centre, axis=1), 0.99)), 1e-6)
    lines = np.empty((0, 2, 3))
    # The viewer's up is where the photo's is: a camera's y points down.
    view = np.diag([1.0, -1, -1])
    if found.pose is not None:
        view = view @ found.pose[:3, :3].T
        lines = (_frustum(found.camera, found.pose, FRUSTUM * extent) - centre) / extent @ view.T
    shown = np.clip((points - centre) / extent, -1, 1) @ view.T
    steps = np.round(np.clip(shown, -1.7, 1.7) / 1.7 * 32767).astype("<i2")
    return {
        "extent": 1.7,
        "points": base64.b64encode(steps.tobytes()).decode(),
        "lines": np.round(lines, 4).tolist(),
    }


def _frustum(
    camera: Camera, pose: Float[np.ndarray, "4 4"], length: float
) -> Float[np.ndarray, "line 2 3"]:
    """Lines from the camera to the corners of its image, and around these."""
    right, low = camera.width - 0.5, camera.height - 0.5
    corners = np.array([[-0.5, -0.5], [right, -0.5], [right, low], [-0.5, low]])
    ends = transform(pose, lift(corners, np.full(4, length), camera))
    place = np.repeat(pose[None, :3, 3], 4, axis=0)
    return np.concatenate(
        [np.stack([place, ends], axis=1), np.stack([ends, np.roll(ends, -1, axis=0)], axis=1)]
    )
