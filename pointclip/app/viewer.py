"""One self-contained HTML page: clouds to turn, their depth maps, and the predictions."""

import base64
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int, Integer, UInt8

from pointclip.core.files import PACKAGE


ASSETS = PACKAGE / "assets" / "page"
# Page -> the scripts inside it, in their order.
SCRIPTS = {"page": ("viewer", "elements", "overview", "page"), "register": ("viewer", "register")}
BEST, OTHER = "#1f66b0", "#8fb4da"  # bars, as --accent and --bar of page.css


@dataclass(frozen=True)
class PartColours:
    """Parts of the points on the page.

    Attributes:
        names, colours: of the parts; a colour is red, green and blue up to 255.
        labels: for each point the number of its part, from all views.
        seen: whether each view sees each point.
        per_view: what each view alone gives; None if no view can tell by itself.
    """

    names: Sequence[str]
    colours: Sequence[tuple[int, int, int]]
    labels: Int[np.ndarray, " point"]
    seen: Bool[np.ndarray, "view point"]
    per_view: Int[np.ndarray, "view point"] | None


@dataclass(frozen=True)
class ViewerItem:
    """One cloud on the page.

    Attributes:
        points: y up, within the unit sphere; those that the encoder gets come first.
        depth: the maps of all views, in the projection's own resolution and grey values.
        view_names: a few words for each view.
        cameras: for each view the axes that lie to the right, up and towards the viewer.
        probabilities: of all classes, from all views; None without classes.
        per_view: the same from each view alone.
        mirrored: whether the depth maps are mirror images, as v1's are.
        parts: what colours the points; None colours them by height.
        colors: of the points, as the file has them; None if it has none.
        clip: how many of the points, the first ones, the encoder gets; 0 if all or unknown.
    """

    name: str
    note: str
    points: Float[np.ndarray, "point 3"]
    depth: Float[np.ndarray, "view height width"]
    view_names: Sequence[str]
    cameras: Float[np.ndarray, "view 3 3"]
    probabilities: Float[np.ndarray, " class"] | None = None
    per_view: Float[np.ndarray, "view class"] | None = None
    mirrored: bool = False
    parts: PartColours | None = None
    colors: UInt8[np.ndarray, "point 3"] | None = None
    clip: int = 0


def page(
    items: Sequence[ViewerItem], classes: Sequence[str], reading: str = "", made: str = ""
) -> str:
    """The whole page as text; it fetches nothing.

    Args:
        classes: in the order of the probabilities; empty if nothing was read.
        reading: a sentence on how to take the probabilities.
        made: a sentence on what made the page.
    """
    data = {
        "classes": list(classes) or None,
        "reading": reading,
        "made": made,
        "items": [_item(item) for item in items],
    }
    return fill_page("page", data)


def fill_page(name: str, data: Mapping[str, Any]) -> str:
    """The page `{name}.html` with style, scripts and data inside it."""
    # "<" only as an escape: no name can end the script element that holds the data.
    text = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
    script = "\n".join((ASSETS / f"{file}.js").read_text("utf-8") for file in SCRIPTS[name])
    result = (ASSETS / f"{name}.html").read_text("utf-8")
    for mark, value in {
        "{{style}}": (ASSETS / "page.css").read_text("utf-8"),
        "{{script}}": script,
        "{{data}}": text,
    }.items():
        before, after = result.split(mark)
        result = before + value + after
    return result


def cameras(rotations: Float[np.ndarray, "view 3 3"], camera: int) -> Float[np.ndarray, "view 3 3"]:
    """The axes of a viewer who looks as a projection's views do: right, up, towards the viewer.

    Rows of an image grow with the rotated x, columns with y. The camera of v1 stands at the end
    of z that makes its images mirrored; a cloud is never shown mirrored, so that right is left
    there.

    Args:
        camera: the end of the viewing axis at which the camera stands, -1 or 1.
    """
    right, up, toward = rotations[:, 1], -rotations[:, 0], camera * rotations[:, 2]
    handed = np.sign(np.linalg.det(np.stack([right, up, toward], axis=1)))
    return np.stack([right * handed[:, None], up, toward], axis=1)


def grey(depth: Float[np.ndarray, "view height width"]) -> Float[np.ndarray, "view height width"]:
    """Depth maps between 0 and 1: v1's hold metres from the camera, and 0 where nothing is."""
    return np.clip(depth / max(float(depth.max()), 1e-12), 0, 1)


def _item(item: ViewerItem) -> dict[str, Any]:
    extent = max(float(np.abs(item.points).max()), 1e-12)
    steps = np.round(item.points / extent * 32767).astype("<i2")
    views = [
        {"name": name, "image": png(image), "camera": np.round(camera, 5).tolist()}
        for name, image, camera in zip(item.view_names, grey(item.depth), item.cameras, strict=True)
    ]
    result = {
        "name": item.name,
        "note": item.note,
        "extent": extent,
        "points": base64.b64encode(steps.tobytes()).decode(),
        "views": views,
        "mirrored": item.mirrored,
        "clip": item.clip,
    }
    if item.colors is not None:
        result["colors"] = _bytes(item.colors)
    if item.probabilities is not None and item.per_view is not None:
        result["probabilities"] = item.probabilities.tolist()
        for view, probabilities in zip(views, item.per_view, strict=True):
            view["probabilities"] = probabilities.tolist()
    if item.parts is not None:
        result["parts"] = {
            "names": list(item.parts.names),
            "colours": [list(colour) for colour in item.parts.colours],
            "labels": _bytes(item.parts.labels),
            "share": np.bincount(item.parts.labels, minlength=len(item.parts.names)).tolist(),
            "alone": item.parts.per_view is not None,
        }
        own = item.parts.labels if item.parts.per_view is None else item.parts.per_view
        # 255: the view does not see the point.
        for view, labels in zip(views, np.where(item.parts.seen, own, 255), strict=True):
            view["parts"] = _bytes(labels)
    return result


def _bytes(values: Integer[np.ndarray, "*point"]) -> str:
    return base64.b64encode(values.astype(np.uint8).tobytes()).decode()


def png(image: Float[np.ndarray, "height width"]) -> str:
    """A grey image between 0 and 1 as a data URL."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.round(image * 255).astype(np.uint8)).save(buffer, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
