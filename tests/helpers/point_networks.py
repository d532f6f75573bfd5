"""Networks of 3D encoders under the weight recipe of `golden/encoders3d.npz`."""

import zlib
from functools import cache

import numpy as np
import torch
from places import GOLDEN
from safetensors.torch import save_file

from pointclip.encoders.point import openshape, ulip2, uni3d
from pointclip.encoders.point.networks import NETWORKS, fill


# The golden file's small configurations, and its names of the full ones that differ from ours.
SMALL = {
    "openshape_small": (
        openshape.OpenShape,
        openshape.OpenShapeSize(
            32, 0.3, 16, (64, 64, 24), None, hidden=96, width=64, depth=2, heads=2
        ),
    ),
    "openshape_small_proj": (
        openshape.OpenShape,
        openshape.OpenShapeSize(
            32, 0.3, 16, (64, 64, 24), 20, hidden=96, width=64, depth=2, heads=2
        ),
    ),
    "uni3d_mini_base": (
        uni3d.Uni3D,
        uni3d.Uni3DSize(48, 2, 3, 128, "swiglu_norm", True, 32, 16, 40, 20),
    ),
    "uni3d_mini_tiny": (
        uni3d.Uni3D,
        uni3d.Uni3DSize(48, 2, 3, 128, "swiglu", False, 32, 16, 40, 20),
    ),
    "uni3d_mini_giant": (
        uni3d.Uni3D,
        uni3d.Uni3DSize(48, 2, 3, 209, "gelu", False, 32, 16, 40, 20),
    ),
    "ulip2_mini": (ulip2.Ulip2, ulip2.Ulip2Size(32, 16, 40, 48, 2, 3, 192, 20)),
}
FULL = {**NETWORKS, "ulip2_full": NETWORKS["ulip2"]}


@cache
def golden() -> dict[str, np.ndarray]:
    with np.load(GOLDEN / "encoders3d.npz") as file:
        return dict(file)


def published_tensors(model: str, recipe: str = "fan") -> dict[str, torch.Tensor]:
    """A state dict as published: all keys of the golden file, filled by the recipe."""
    tensors = {}
    for entry in golden()[f"{model}/keys"]:
        name, sizes = str(entry).split(" ")
        shape = () if sizes == "scalar" else tuple(int(n) for n in sizes.split("x"))
        tensors[name] = torch.from_numpy(np.asarray(recipe_values(name, shape, recipe)))
    return tensors


def recipe_values(name: str, shape: tuple[int, ...], recipe: str) -> np.ndarray:
    if name.endswith("num_batches_tracked"):
        return np.zeros(shape, np.int64)
    z = np.random.default_rng(zlib.crc32(name.encode())).standard_normal(shape)
    wide = recipe == "fan" and len(shape) > 1
    a = z / np.sqrt(np.prod(shape[1:])) if wide else 0.02 * z
    if name.endswith("running_var"):
        a = 1 + np.abs(0.02 * z)
    elif len(shape) == 1 and name.endswith(".weight"):
        a = 1 + a
    return np.float32(a)


def recipe_network(model: str, folder, recipe: str = "fan"):
    """The network of a golden configuration, loaded from a file as a user's would be."""
    path = folder / f"{model}-{recipe}.safetensors"
    if not path.exists():
        save_file(published_tensors(model, recipe), path)
    family, size = (SMALL | FULL)[model]
    with torch.device("meta"):
        network = family(size)
    return fill(network, model, path)[0]


def golden_cloud(case: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Points and colours, one shape each."""
    count = {"10k": 10000, "2k": 2048}[case]
    points = torch.from_numpy(golden()["cloud/xyz"])[None, :count]
    colors = torch.from_numpy(golden()["cloud/rgb8"][None, :count] / np.float32(255))
    return points, colors


def write_random(name: str, path) -> None:
    """A file of a built-in network's weights at random, as published."""
    save_file(published_tensors("ulip2_full" if name == "ulip2" else name), path)
