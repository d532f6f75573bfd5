"""Clouds and meshes that are nearly right, under every suffix; and clouds with part labels."""

import logging
import random
import re
from functools import partial
from pathlib import Path

import numpy as np
from cloud_files import GOOD, POINTS, write
from harness import Case, Suite, told
from mutate import mutate

from pointclip.clouds.labelled import load_labelled
from pointclip.clouds.load import load_colored_cloud


# Of a text without a count, whole lines may be missing and no reader can know.
COUNTED = (".off", ".ply", ".pcd", ".stl", ".npy", ".npz", ".h5", ".las", ".laz", ".glb", ".gltf")


class Warned(logging.Handler):
    """Whether anything was said of the file."""

    said = False

    def emit(self, record: logging.LogRecord) -> None:
        self.said = True


def clouds(suffix: str, folder: Path) -> Case:
    """Read changed files with this suffix, as `pointclip classify` does."""
    good = {name: write(folder / name, GOOD[name]).read_bytes() for name in _with(suffix)}
    warned = Warned()
    logging.getLogger("pointclip").addHandler(warned)

    def case(rng: random.Random) -> str:
        name = rng.choice(sorted(good))
        data, change = mutate(name, good[name], rng)
        path = folder / f"changed{suffix}"
        path.write_bytes(data)
        warned.said = False

        def read() -> None:
            cloud, colors = load_colored_cloud(path, 64)
            assert cloud.shape == (64, 3) and cloud.dtype == np.float32
            assert np.isfinite(cloud).all()
            assert colors is None or colors.shape == (64, 3)

        def silent() -> bool:
            missing = change == "cut" and bool(good[name][len(data) :].strip())
            whole_lines = suffix not in COUNTED and re.search(rb"[\r\n]\s*$", data)
            return missing and not whole_lines and not warned.said

        return told(read, silent)

    return case


def _with(suffix: str) -> list[str]:
    return [name for name in GOOD if Path(name).suffix.lower() == suffix]


def labelled(folder: Path) -> Case:
    """Read clouds with part labels."""
    part = np.arange(len(POINTS)) % 3
    np.savez_compressed(folder / "a.npz", points=POINTS, part=part)
    lines = "".join(f"{x} {y} {z} {p}\n" for (x, y, z), p in zip(POINTS, part, strict=True))
    header = f"ply\nformat ascii 1.0\nelement vertex {len(POINTS)}\n" + "".join(
        f"property float {axis}\n" for axis in "xyz"
    )
    (folder / "a.ply").write_text(header + "property int part\nend_header\n" + lines)
    good = {name: (folder / name).read_bytes() for name in ("a.npz", "a.ply")}

    def case(rng: random.Random) -> str:
        name = rng.choice(sorted(good))
        path = folder / f"changed{Path(name).suffix}"
        path.write_bytes(mutate(name, good[name], rng)[0])
        return told(lambda: load_labelled(path))

    return case


SUFFIXES = sorted({Path(name).suffix.lower() for name in GOOD})
SUITES: dict[str, Suite] = {
    **{f"clouds {suffix}": partial(clouds, suffix) for suffix in SUFFIXES},
    "clouds with part labels": labelled,
}
