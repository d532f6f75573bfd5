"""Plot every shape of the data set, class by class, as shaded points for a person to check."""

import logging
from pathlib import Path

import h5py
import numpy as np
from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont


SIDE, COLUMNS, CAPTION, TITLE = 104, 14, 14, 22
AZIMUTH, ELEVATION = np.radians([30, 20])


def render(points: np.ndarray, colours: np.ndarray | None = None) -> Image.Image:
    """Points (N, 3) seen from the front right and a little above; near is dark, far is light.

    With `colours` (N, 3) uint8 they are in colour, and near is in full colour.
    """
    turn = np.array(
        [[np.cos(AZIMUTH), 0, -np.sin(AZIMUTH)], [0, 1, 0], [np.sin(AZIMUTH), 0, np.cos(AZIMUTH)]]
    )
    tilt = np.array(
        [
            [1, 0, 0],
            [0, np.cos(ELEVATION), -np.sin(ELEVATION)],
            [0, np.sin(ELEVATION), np.cos(ELEVATION)],
        ]
    )
    seen = points @ (tilt @ turn).T
    low, high = seen.min(0), seen.max(0)
    place = (seen[:, :2] - (low + high)[:2] / 2) * (SIDE - 8) / (high - low)[:2].max() + SIDE / 2
    near = (seen[:, 2] - low[2]) / max(high[2] - low[2], 1e-9)
    if colours is None:
        image, shades = np.full((SIDE, SIDE), 255.0), 200 - 190 * near
    else:
        image = np.full((SIDE, SIDE, 3), 255.0)
        shades = colours + (255 - colours.astype(float)) * 0.6 * (1 - near[:, None])
    for index in np.argsort(seen[:, 2]):  # near points last, over the far ones
        x, y = int(place[index, 0]), int(SIDE - place[index, 1])
        image[y - 1 : y + 1, x - 1 : x + 1] = shades[index]
    return Image.fromarray(image.astype(np.uint8))


def plot(path: Path, target: Path) -> None:
    """One image: a block per class, each shape over its row number, * for a train shape."""
    with h5py.File(path) as file:
        points = file["points"][:] * file["points"].attrs["scale"]
        labels, classes = file["label"][:], list(file.attrs["classes"])
        split = file["split"].asstr()[:]
    blocks = [np.flatnonzero(labels == label) for label in range(len(classes))]
    heights = [TITLE + -(-len(block) // COLUMNS) * (SIDE + CAPTION) for block in blocks]
    sheet = Image.new("L", (COLUMNS * SIDE, sum(heights)), 255)
    pen, font = ImageDraw.Draw(sheet), font_manager.findfont("DejaVu Sans")
    large, small = ImageFont.truetype(font, 15), ImageFont.truetype(font, 11)
    top = 0
    for name, block, height in zip(classes, blocks, heights, strict=True):
        pen.text((4, top + 2), f"{name} ({len(block)})", fill=0, font=large)
        for place, index in enumerate(block):
            x, y = place % COLUMNS * SIDE, top + TITLE + place // COLUMNS * (SIDE + CAPTION)
            sheet.paste(render(points[index]), (x, y))
            pen.text(
                (x + 36, y + SIDE - 2),
                f"{index}{'*' * (split[index] == 'train')}",
                fill=0,
                font=small,
            )
        top += height
    # 16 greys are enough for the eye and halve the file.
    sheet.quantize(16, dither=Image.Dither.NONE).save(target, optimize=True)
    logging.info("%d shapes, %d by %d pixels", len(points), *sheet.size)


def main() -> None:
    """Called by Snakemake."""
    logging.basicConfig(filename=snakemake.log[0], level=logging.INFO, filemode="w")
    plot(Path(snakemake.input[0]), Path(snakemake.output[0]))


if __name__ == "__main__":
    main()
