"""Files of clouds and meshes, one reader by suffix.

A new format is a module here and a line in FORMATS; a library that it needs goes into
`pyproject.toml` and `environment.yml`.

The files are anyone's: a reader believes no number that a file announces before it has compared it
with the size of the file, follows no path out of the file's folder, and unpickles nothing.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from pointclip.clouds.formats.arrays import read_h5, read_npy, read_npz
from pointclip.clouds.formats.gltf import read_gltf
from pointclip.clouds.formats.las import read_las
from pointclip.clouds.formats.pcd import read_pcd
from pointclip.clouds.formats.ply import read_ply
from pointclip.clouds.formats.polygons import read_obj, read_off, read_stl
from pointclip.clouds.formats.text import read_text
from pointclip.clouds.mesh import Mesh, Scan


# Suffix -> reader of (path, index of the cloud in it, generator for subsampling).
FORMATS: dict[str, Callable[[Path, int, np.random.Generator], Mesh | Scan]] = {
    ".off": read_off,
    ".obj": read_obj,
    ".stl": read_stl,
    ".ply": read_ply,
    ".glb": read_gltf,
    ".gltf": read_gltf,
    ".xyz": read_text,
    ".txt": read_text,
    ".csv": read_text,
    ".pts": read_text,
    ".npy": read_npy,
    ".npz": read_npz,
    ".h5": read_h5,
    ".hdf5": read_h5,
    ".pcd": read_pcd,
    ".las": read_las,
    ".laz": read_las,
}
