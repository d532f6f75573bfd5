"""Make docs/images anew: `python docs/write_images.py` after `make demo`; needs Chromium.

show.png is the page of the command below; depth_maps.png is the demo's figure.
"""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image


ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
SHOW = ["examples/table.ply", "--classes", "chair, table, lamp"]
SIZE = "1280,1055"
FIGURE = ROOT / "results/figures/furniture/montage/pointclip_v2.png"
WIDTH = 1600


def show(target: Path) -> None:
    """A screenshot of the page of one file; reduced motion, so that the cloud stands still."""
    with TemporaryDirectory() as scratch:
        page, shot = Path(scratch, "page.html"), Path(scratch, "shot.png")
        make = [Path(sys.executable).with_name("pointclip"), "show", *SHOW, "-q", "-o", page]
        subprocess.run(make, cwd=ROOT, check=True)
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        flags += [f"--window-size={SIZE}", "--force-prefers-reduced-motion"]
        browser = ["chromium", *flags, f"--screenshot={shot}", page.as_uri()]
        subprocess.run(browser, check=True, capture_output=True)
        shrink(shot, target, Image.Quantize.MEDIANCUT)


def shrink(source: Path, target: Path, method: Image.Quantize) -> None:
    """At most `WIDTH` pixels wide, in 128 colours: a third of the file, the same to the eye."""
    image = Image.open(source).convert("RGB")
    if image.width > WIDTH:
        height = round(image.height * WIDTH / image.width)
        image = image.resize((WIDTH, height), Image.Resampling.LANCZOS)
    few = image.quantize(128, method, dither=Image.Dither.NONE)
    few.save(target, optimize=True)


if __name__ == "__main__":
    show(IMAGES / "show.png")
    # Few pixels are coloured; the other method would make them grey.
    shrink(FIGURE, IMAGES / "depth_maps.png", Image.Quantize.MAXCOVERAGE)
