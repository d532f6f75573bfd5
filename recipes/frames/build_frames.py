"""Copy a scene: photos as JPEG, depth maps as PNG pressed harder, poses and lists as they are."""

import hashlib
import logging
import shutil
from pathlib import Path

from PIL import Image


def digest(folder: Path) -> str:
    """SHA-256 over the names and contents of all files below a folder."""
    total = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        total.update(str(path.relative_to(folder)).encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def build(source: Path, folder: Path, quality: int) -> None:
    """Write the scene; the file K.txt comes last."""
    query = folder / "query"
    query.mkdir(parents=True, exist_ok=True)
    for path in sorted((source / "query").iterdir()):
        if path.name.endswith(".color.png"):
            with Image.open(path) as image:
                photo = image.convert("RGB")
            name = path.name.replace(".png", ".jpg")
            photo.save(query / name, quality=quality, optimize=True, progressive=True)
        elif path.name.endswith(".depth.png"):
            with Image.open(path) as image:
                image.save(query / path.name, optimize=True)
        else:
            shutil.copyfile(path, query / path.name)
    shutil.copyfile(source / "K.txt", folder / "K.txt")


logging.basicConfig(filename=str(snakemake.log[0]), level=logging.INFO)
origin, scene = Path(snakemake.params.source), snakemake.wildcards.scene
if (found := digest(origin)) != snakemake.params.sha256[scene]:
    raise SystemExit(f"{origin} is not the scene that was embedded: its checksum is {found}.")
build(origin, Path(snakemake.output[0]).parent, snakemake.params.quality)
