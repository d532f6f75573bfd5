"""RGB-D frames in FreeReg's layout: photos, depth maps, poses and lists of pairs.

A scene is a folder with `query/{id}.color.png` (or .jpg), `{id}.depth.png` (16 bits),
`{id}_pose.txt` (4x4, camera to world) and `overlap.txt`; ids are whole numbers. Optional are
`{id}.color.gtd.png` and `{id}.depth.gtd.png` (true depth in either camera), `K.txt` and
`K_depth.txt` (3x3) beside `query`. A base folder holds one scene, or several below it, all as deep.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Float32, UInt8
from PIL import Image

from pointclip.core.errors import UserError
from pointclip.core.files import printable, read_text


# An image of more pixels is taken for a mistake or an attack; photos have some 10 million.
MOST_PIXELS = 100_000_000
MOST_DEPTH = 1000.0  # metres; a network's file with more is in another unit
PHOTO_SUFFIXES = (".png", ".jpg", ".jpeg")


@dataclass(frozen=True)
class Scene:
    """A folder of frames; `ids` are those with a photo, in the order of their numbers."""

    name: str
    folder: Path
    ids: tuple[int, ...]

    def photo(self, frame: int) -> Path:
        """The file of a frame's photo.

        Raises:
            UserError: if there is none.
        """
        for suffix in PHOTO_SUFFIXES:
            path = self.folder / "query" / f"{frame}.color{suffix}"
            if path.is_file():
                return path
        raise UserError(f"The scene '{self.name}' has no frame {frame} (no {frame}.color.png).")

    def file(self, name: str) -> Path:
        """A file below `query`."""
        return self.folder / "query" / name


def find_scenes(base: str | Path) -> list[Scene]:
    """The scenes at or below a folder, in the order of their names.

    Raises:
        UserError: if there is no scene, or one without a frame.
    """
    base = Path(base)
    if not base.is_dir():
        raise UserError(f"{printable(base)} is no folder.")
    for depth in range(5):  # archives begin with folders of their own
        if found := sorted(path.parent for path in base.glob("*/" * depth + "query")):
            return [_scene(folder) for folder in found]
    raise UserError(f"{printable(base)} has no folder 'query', nor has a folder below it.")


def _scene(folder: Path) -> Scene:
    pattern = re.compile(r"(\d+)\.color\.(png|jpg|jpeg)")
    names = (pattern.fullmatch(path.name) for path in (folder / "query").iterdir())
    ids = sorted({int(name[1]) for name in names if name})
    if not ids:
        raise UserError(f"{printable(folder / 'query')} has no frame: files like 12.color.png.")
    return Scene(folder.resolve().name, folder, tuple(ids))


def read_photo(path: str | Path) -> UInt8[np.ndarray, "height width 3"]:
    """A photo as 8-bit RGB; transparent parts lie over white, as FreeReg takes them.

    Raises:
        UserError: if the file is missing, damaged, no image, or too large.
    """
    image = _open(path)
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return np.asarray(image.convert("RGB"))


def read_depth(path: str | Path, unit: float | int) -> Float32[np.ndarray, "height width"]:
    """A depth map in metres, 0 where there is none.

    A PNG holds whole steps, `unit` of them in a metre; a `.npy` holds metres.

    Raises:
        UserError: if the file is missing, damaged, has colours, or holds no depth at all.
    """
    path = Path(path)
    depth = _read_npy(path) if path.suffix == ".npy" else _read_depth_png(path) / unit
    # Networks write infinity or negative numbers where they do not know.
    depth = np.where(np.isfinite(depth) & (depth > 0), depth, 0).astype(np.float32)
    if not depth.any():
        raise UserError(f"The depth map {printable(path)} is empty: no pixel has a depth.")
    if (low := float(depth[depth > 0].min())) > MOST_DEPTH:
        raise UserError(f"The nearest depth in {printable(path)} is {low:.0f} m: check its unit.")
    return depth


def _read_depth_png(path: Path) -> Float[np.ndarray, "height width"]:
    image = _open(path)
    if image.mode not in ("I;16", "I;16B", "I", "L", "F"):
        raise UserError(
            f"{printable(path)} is no depth map: it has colours (mode {image.mode}); "
            "one channel of 16 bits is expected."
        )
    return np.asarray(image).astype(np.float64)


def _read_npy(path: Path) -> Float[np.ndarray, "height width"]:
    try:
        with path.open("rb") as file:
            version = np.lib.format.read_magic(file)
            reads = {
                (1, 0): np.lib.format.read_array_header_1_0,
                (2, 0): np.lib.format.read_array_header_2_0,
            }
            if version not in reads:
                raise ValueError(f"version {version}")
            shape, _, dtype = reads[version](file)
        # A header may promise more than the file holds; numpy would allocate it first.
        if len(shape) != 2 or dtype.kind not in "fiu":
            raise ValueError(f"shape {shape}, type {dtype}")
        if np.prod(shape, dtype=float) * dtype.itemsize > path.stat().st_size:
            raise ValueError("it is cut short")
        return np.load(path, allow_pickle=False).astype(np.float64)
    except FileNotFoundError as error:
        raise UserError(f"The depth map {printable(path)} does not exist.") from error
    except (ValueError, OSError, EOFError) as error:
        raise UserError(f"{printable(path)} is no depth map of two axes ({error}).") from error


def _open(path: str | Path) -> Image.Image:
    try:
        with Image.open(path) as image:
            if image.width * image.height > MOST_PIXELS:
                raise UserError(
                    f"{printable(path)} has {image.width} x {image.height} pixels; "
                    f"at most {MOST_PIXELS // 1_000_000} million are read."
                )
            image.load()
            return image
    except FileNotFoundError as error:
        raise UserError(f"{printable(path)} does not exist.") from error
    except UserError:
        raise
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise UserError(f"{printable(path)} is not a readable image ({error}).") from error


def read_matrix(path: str | Path, rows: int, columns: int) -> Float[np.ndarray, "row column"]:
    """A matrix in a text file, a row a line.

    Raises:
        UserError: if the file is missing, or holds something else.
    """
    text = read_text(path)
    try:
        values = [[float(word) for word in line.split()] for line in text.splitlines() if line]
        matrix = np.array([row for row in values if row])
        if matrix.shape != (rows, columns) or not np.isfinite(matrix).all():
            raise ValueError
    except ValueError as error:
        raise UserError(
            f"{printable(path)} must hold {rows} lines of {columns} finite numbers."
        ) from error
    return matrix


def read_pair_list(path: str | Path) -> list[tuple[int, int, float]]:
    """Rows of `query target [overlap …]`; `#` begins a comment. A missing overlap is NaN.

    Raises:
        UserError: if the file is missing, a line has no two whole numbers, or there is no pair.
    """
    pairs = []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        words = line.split("#")[0].split()
        if not words:
            continue
        try:
            overlap = float(words[2]) if len(words) > 2 else float("nan")
            pairs.append((int(words[0]), int(words[1]), overlap))
        except (ValueError, IndexError) as error:
            raise UserError(
                f"Line {number} of {printable(path)} is no pair of frames: '{line.strip()[:80]}' "
                "(query, target, and perhaps their overlap)."
            ) from error
    if not pairs:
        raise UserError(f"{printable(path)} lists no pair.")
    return pairs
