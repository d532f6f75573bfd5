"""Plot every shape of `furniture_parts`, coloured by part, for a person to check."""

import logging
from pathlib import Path

import h5py
import numpy as np
from matplotlib import colormaps, font_manager
from PIL import Image, ImageDraw, ImageFont
from plot_sheet import CAPTION, COLUMNS, SIDE, TITLE, render


COLOURS = (np.array(colormaps["tab10"].colors) * 255).astype(np.uint8)


def plot(path: Path, target: Path) -> None:
    """One image: a block per class with its parts' colours, * for a train shape."""
    with h5py.File(path) as file:
        points = file["points"][:] * file["points"].attrs["scale"]
        part, labels, split = file["part"][:], file["label"][:], file["split"].asstr()[:]
        classes, parts = list(file.attrs["classes"]), list(file.attrs["parts"])
        pairs = [pair.split("/") for pair in file.attrs["class_parts"]]
    blocks = [np.flatnonzero(labels == label) for label in range(len(classes))]
    heights = [TITLE + -(-len(block) // COLUMNS) * (SIDE + CAPTION) for block in blocks]
    sheet = Image.new("RGB", (COLUMNS * SIDE, sum(heights)), "white")
    pen, font = ImageDraw.Draw(sheet), font_manager.findfont("DejaVu Sans")
    large, small = ImageFont.truetype(font, 15), ImageFont.truetype(font, 11)
    top = 0
    for name, block, height in zip(classes, blocks, heights, strict=True):
        pen.text((4, top + 2), f"{name} ({len(block)})", fill="black", font=large)
        own = [parts.index(part_name) for class_name, part_name in pairs if class_name == name]
        x = 140
        for colour, index in enumerate(own):
            pen.rectangle((x, top + 5, x + 10, top + 15), fill=tuple(COLOURS[colour]))
            pen.text((x + 14, top + 3), parts[index], fill="black", font=small)
            x += 26 + 7 * len(parts[index])
        for place, shape in enumerate(block):
            x, y = place % COLUMNS * SIDE, top + TITLE + place // COLUMNS * (SIDE + CAPTION)
            colours = COLOURS[[own.index(index) for index in part[shape]]]
            sheet.paste(render(points[shape], colours), (x, y))
            star = "*" if split[shape] == "train" else ""
            pen.text((x + 36, y + SIDE - 2), f"{shape}{star}", fill="black", font=small)
        top += height
    sheet.quantize(256, dither=Image.Dither.NONE).save(target, optimize=True)
    logging.info("%d shapes, %d by %d pixels", len(points), *sheet.size)


def main() -> None:
    """Called by Snakemake."""
    logging.basicConfig(filename=snakemake.log[0], level=logging.INFO, filemode="w")
    plot(Path(snakemake.input[0]), Path(snakemake.output[0]))


if __name__ == "__main__":
    main()
