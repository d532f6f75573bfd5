"""PCD of the Point Cloud Library, through pypcd4: text, binary, and compressed."""

import os
from pathlib import Path

import numpy as np

from pointclip.clouds.formats.text import warn_of_open_line
from pointclip.clouds.mesh import Scan, Subsampler
from pointclip.core.errors import UserError


def read_pcd(path: Path, index: int, rng: np.random.Generator) -> Scan:
    """Fields x, y, z and rgb; points that the camera did not see are NaN and left out."""
    import pypcd4

    with path.open("rb") as f:
        cloud = pypcd4.PointCloud.from_fileobj(f)
        f.seek(-1, os.SEEK_END)
        if cloud.metadata.data == pypcd4.Encoding.ASCII and f.read() != b"\n":
            warn_of_open_line()
    if not {"x", "y", "z"} <= set(cloud.fields):
        raise UserError("it has no fields x, y and z")
    # Of a file that is cut short, pypcd4 returns the points that are there.
    if len(cloud.pc_data) != cloud.points:
        raise UserError(f"it announces {cloud.points} points, but holds {len(cloud.pc_data)}")
    subsampler = Subsampler(rng)
    columns = [cloud.pc_data[axis].astype(np.float64) for axis in "xyz"]
    packed = next((cloud.pc_data[name] for name in ("rgb", "rgba") if name in cloud.fields), None)
    if packed is not None and packed.dtype.itemsize == 4:
        # One byte each, in an integer that may be called a float.
        bits = np.ascontiguousarray(packed).view(np.uint32)
        columns += [(bits >> shift & 255).astype(np.float64) for shift in (16, 8, 0)]
    subsampler.add(np.stack(columns, 1))
    return subsampler.scan(255.0)
