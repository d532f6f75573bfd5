"""Draw every icon of the catalogue at 64x64: its ink, how deep inside the filled outline each pixel
lies, and to which part of the drawing it belongs.

`ink.npy` (N, 64, 64) uint8 is the darkness of the drawing, `depth.npy` the Euclidean distance to
the outside of its hole-filled outline, in quarters of a pixel (0 = outside), `parts.npy` the number
of the evenly inked area around each pixel (0 = outside). The drawing is cropped to its bounding
box, longest side 60.
"""

from __future__ import annotations

import argparse
import io
import json
import logging
from functools import lru_cache
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import pandas as pd
import resvg_py
from PIL import Image
from scipy import ndimage


SIDE, INNER = 64, 60
FOLDER = Path()


@lru_cache(maxsize=4)
def icon_set(prefix: str) -> dict:
    """One file of the package."""
    return json.loads((FOLDER / "json" / f"{prefix}.json").read_text())


def svg_of(prefix: str, name: str) -> str:
    """The icon as a black drawing on nothing, 88 pixels along its longer side."""
    data = icon_set(prefix)
    icon = data["icons"][name]
    box = [
        icon.get(key, data.get(key, default))
        for key, default in (("left", 0), ("top", 0), ("width", 16), ("height", 16))
    ]
    scale = 88 / max(box[2:])
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'color="black" width="{box[2] * scale:.2f}" height="{box[3] * scale:.2f}" '
        f'viewBox="{" ".join(map(str, box))}">'
        f"{icon['body'].replace('currentColor', '#000')}</svg>"
    )


def parts_of(ink: np.ndarray, inside: np.ndarray, least: int = 8) -> np.ndarray:
    """(64, 64) uint8: areas of even ink (uint8) inside the outline, numbered from 1; their edges
    and what is smaller than `least` pixels go to the nearest."""
    shade = ink.astype(np.int16)
    even = inside & (ndimage.maximum_filter(shade, 3) - ndimage.minimum_filter(shade, 3) < 60)
    parts, count = ndimage.label(even)
    large = np.bincount(parts.ravel(), minlength=count + 1) >= least
    large[0] = False
    if not large.any():
        return inside.astype(np.uint8)
    parts = (np.cumsum(large) * large)[parts]
    nearest = ndimage.distance_transform_edt(
        parts == 0, return_distances=False, return_indices=True
    )
    return (np.minimum(parts[tuple(nearest)], 255) * inside).astype(np.uint8)


def draw(row: tuple[str, str]) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Ink, depth and parts of one icon; None if nothing can be drawn."""
    try:
        picture = Image.open(
            io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=svg_of(*row))))
        ).convert("RGBA")
    except (ValueError, OSError):  # an SVG that resvg refuses
        return None
    pixels = np.asarray(picture, np.float32)
    alpha = pixels[..., 3] / 255
    ink = alpha * (1 - pixels[..., :3] @ np.float32([0.299, 0.587, 0.114]) / 255)
    ys, xs = np.nonzero(alpha > 0.3)
    if len(ys) < 12:
        return None
    area = np.s_[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1]
    height, width = ink[area].shape
    scale = INNER / max(height, width)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    left, top = (SIDE - size[0]) // 2, (SIDE - size[1]) // 2
    place = np.s_[top : top + size[1], left : left + size[0]]
    planes = []
    for plane in (ink, alpha):
        canvas = np.zeros((SIDE, SIDE), np.float32)
        canvas[place] = np.asarray(
            Image.fromarray(np.ascontiguousarray(plane[area])).resize(size, Image.Resampling.BOX)
        )
        planes.append(canvas)
    # Gaps of the outline are closed first, so that "broken" drawings fill too; the inside is then
    # what cannot be reached from the outside.
    solid = planes[1] > 0.35
    closed = ndimage.binary_dilation(solid, iterations=2)
    parts, _ = ndimage.label(~closed)
    inside = (
        ~np.isin(parts, np.unique(np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]])))
        | closed
    )
    inside[closed & (parts == 0)] = True
    inside = ndimage.binary_erosion(inside, iterations=2, border_value=1) | solid
    depth = ndimage.distance_transform_edt(inside)
    darkness = (planes[0] * 255).astype(np.uint8)
    return darkness, np.clip(depth * 4, 0, 255).astype(np.uint8), parts_of(darkness, inside)


def setup(folder: Path) -> None:
    """Tell a worker where the package lies."""
    global FOLDER
    FOLDER = folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--icons", type=Path, required=True)
    parser.add_argument("--catalog", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    icons = pd.read_parquet(options.catalog / "icons.parquet", columns=["set", "name"])
    options.out.mkdir(parents=True, exist_ok=True)
    shape = (len(icons), SIDE, SIDE)
    ink, depth, parts = (
        np.lib.format.open_memmap(options.out / f"{name}.npy", "w+", np.uint8, shape)
        for name in ("ink", "depth", "parts")
    )
    drawn = np.zeros(len(icons), bool)
    with Pool(options.jobs, setup, (options.icons,)) as pool:
        rows = zip(icons["set"], icons["name"], strict=True)
        for index, planes in enumerate(pool.imap(draw, rows, chunksize=256)):
            if planes is not None:
                ink[index], depth[index], parts[index] = planes
                drawn[index] = True
            if index % 20000 == 0:
                logging.info("%d of %d", index, len(icons))
    np.save(options.out / "drawn.npy", drawn)
    logging.info("%d drawn of %d", drawn.sum(), len(icons))


if __name__ == "__main__":
    main()
