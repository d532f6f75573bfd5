"""Pictures of registered pairs: their matches, and the cloud in the photo."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from pointclip.registration.picture import Picture
from pointclip.registration.render import render
from pointclip.report.figures.style import GREY, RIGHT, WRONG, message, styled


GAP = 12  # pixels between photo and depth map
DEPTH_COLOURS = "viridis_r"
WIDTH = 8.0  # inches


@styled
def matches_figure(pictures: Sequence[Picture]) -> Figure:
    """Photo and rendered depth map side by side, with lines between matched key-points.

    Blue lines are right by the truth (without it: inliers of the pose), grey ones are not.
    """
    if not pictures:
        return message("No pair could be read.")
    figure = Figure(figsize=(WIDTH, 2.9 * len(pictures)))
    panels = figure.subplots(len(pictures), 1, squeeze=False)[:, 0]
    for axis, picture in zip(panels, pictures, strict=True):
        draw_matches(axis, picture)
    return figure


def draw_matches(axis: Axes, picture: Picture) -> None:
    """One pair on one panel."""
    height, width = picture.photo.shape[:2]
    rows, columns = picture.depth.shape
    scale = height / rows
    axis.imshow(picture.photo)
    shown = np.ma.masked_equal(picture.depth, 0)
    left = width + GAP
    axis.imshow(shown, cmap=DEPTH_COLOURS, extent=(left, left + columns * scale, height, 0))
    right = picture.inliers if picture.right is None else picture.right
    start = picture.query_uv.astype(float)
    end = picture.target_uv * scale + [left, 0]
    for kept, colour, strength in ((~right, GREY, 0.18), (right, RIGHT, 0.8)):
        lines = np.stack([start[kept], end[kept]], axis=1)
        axis.add_collection(LineCollection(list(lines), colors=colour, alpha=strength, lw=0.7))
    axis.set_xlim(0, left + columns * scale)
    axis.set_ylim(height, 0)
    axis.set_title(picture.caption, fontsize=8)
    axis.set_axis_off()


@styled
def overlay_figure(pictures: Sequence[Picture]) -> Figure:
    """The cloud in the photo, under the pose found (left) and the true one (right).

    Where the pose is right, colours of depth end where objects of the photo end.
    """
    if not pictures:
        return message("No pair could be read.")
    figure = Figure(figsize=(WIDTH, 2.9 * len(pictures)))
    panels = figure.subplots(len(pictures), 2, squeeze=False)
    for row, picture in zip(panels, pictures, strict=True):
        poses = ((picture.pose, "estimated"), (picture.true, "true"))
        for axis, (pose, what) in zip(row, poses, strict=True):
            draw_overlay(axis, picture, pose)
            axis.set_title(f"{picture.name}, {what} pose", fontsize=8)
    return figure


def draw_overlay(axis: Axes, picture: Picture, pose: Float[np.ndarray, "4 4"] | None) -> None:
    """The photo with the cloud's points over it, coloured by depth."""
    grey = picture.photo.mean(axis=2)
    axis.imshow(grey, cmap="gray", vmin=0, vmax=255)
    axis.set_axis_off()
    if pose is None:
        axis.text(0.5, 0.5, "no pose", transform=axis.transAxes, ha="center", color=WRONG)
        return
    # The pose takes the photo's camera to the cloud's frame: it is where that camera stands.
    depth, _ = render(picture.cloud, picture.photo_camera.at(pose))
    axis.imshow(np.ma.masked_equal(depth, 0), cmap=DEPTH_COLOURS, alpha=0.55)
