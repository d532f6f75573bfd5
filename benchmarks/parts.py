"""Speed of part segmentation's steps before the encoder: depth maps with look-ups, and regions.

    python benchmarks/parts.py [--shapes 12] [--no-release]

Beside ours stands the release's way (PointCLIP V2, zeroshot_seg): a dense grid of 112 x 224 x 224
cells for each of ten views, MaxPool3d, Conv3d, the pixel of every point and whether it is seen.
Both render the same clouds on one thread, and are compared before a time is printed. Times are CPU
seconds a shape, ours the best of three rounds, the release's one round (it takes minutes).
"""

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F

from pointclip.catalog.parts import FURNITURE_PARTS
from pointclip.data.readers import furniture_parts
from pointclip.projection.projection import Projection, get_projection
from pointclip.registration.dense.fpfh import fpfh
from pointclip.segmentation import geometry
from pointclip.segmentation.back_project import LookUp, look_up
from pointclip.segmentation.regions import geometric_regions, kmeans_regions
from pointclip.segmentation.zero_shot import FPFH_RADIUS


SIDE, SLICES, TRIM, CLOSEST = 224, 112, 20, 0.1


def released(projection: Projection, points: torch.Tensor) -> LookUp:
    """Depth maps (before they are enlarged) and straight look-ups of one cloud, densely."""
    q = torch.einsum("vij,nj->vni", torch.from_numpy(projection.rotations), points)
    high, low = q.amax(1, keepdim=True), q.amin(1, keepdim=True)
    q = (q - (high + low) / 2) / (high - low).amax(2, keepdim=True) * 2
    pixels = (((q[..., :2] * 0.7 + 1) / 2) * SIDE).ceil().clip(1, SIDE - 2).long()
    depth = ((q[..., 2] + 1) / 2 + 0.3) / 1.3 * (SLICES - 2)
    index = depth.ceil().long().clip(0, SLICES - 1)
    images, seen = [], []
    for view in range(len(q)):
        row, column = pixels[view].unbind(1)
        cell = (index[view] * SIDE + row) * SIDE + column
        grid = torch.zeros(SLICES * SIDE**2)
        grid.scatter_reduce_(0, cell, depth[view].clip(1, SLICES - 2), "amax")
        grid = F.max_pool3d(grid.view(1, 1, SLICES, SIDE, SIDE), (5, 11, 11), 1, (2, 5, 5))
        grid = F.conv3d(grid, kernel().expand(3, 1, 5, 5, 5), padding=2)[0, 0]
        image, highest = grid.amax(0), grid.max()
        own = 1 - grid[index[view].clip(1, SLICES - 3), row, column] / highest
        images.append(1 - image / highest)
        seen.append((images[-1][row, column] - own).abs() < CLOSEST)
    inner = slice(TRIM, SIDE - TRIM)
    maps = torch.stack(images)[:, inner, inner].numpy()
    flags = torch.stack(seen).numpy()
    return LookUp(maps[None], pixels.numpy()[None] - TRIM, flags[None], flags[None])


def kernel() -> torch.Tensor:
    """The Gaussian of 5 x 5 x 5 cells: sigma 1 in the plane, 2 along the depth; its sum is 1."""
    off = torch.arange(-2.0, 3)
    plane, depth = torch.exp(-(off**2) / 2), torch.exp(-(off**2) / 8)
    taps = depth[:, None, None] * plane[:, None] * plane
    return taps / taps.sum()


def seconds(work: Callable[[], object], rounds: int = 3) -> float:
    """CPU seconds of the best round."""
    found = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


def compare(points: np.ndarray) -> list[tuple[str, float]]:
    """Ours and the release's way on one cloud: the same pixels, the same points seen."""
    projection = get_projection("pointclip_v2_parts")
    theirs: list[LookUp] = []
    took = seconds(lambda: theirs.append(released(projection, torch.from_numpy(points))), 1)
    ours = look_up(projection, points[None])
    if (ours.pixels != theirs[0].pixels).any() or (ours.seen != theirs[0].seen).mean() > 1e-3:
        sys.exit("The two ways do not look up the same.")
    if np.abs(ours.images - theirs[0].images).max() > 1e-3:
        sys.exit("The two ways do not render the same.")
    again = seconds(lambda: look_up(projection, points[None]))
    return [("release's way, one cloud", took), ("ours, the same cloud", again)]


def measure(shapes: np.ndarray) -> list[tuple[str, float]]:
    """Our steps on furniture."""
    rows = []
    for name in ("pointclip_v2_parts", "pointclip_v2", "elevated_ring"):
        projection = get_projection(name)
        look_up(projection, shapes[:1])  # compiled
        work = partial(look_up, projection, shapes)
        rows.append((f"{name}: ten views, look-ups", seconds(work)))
    normals = [geometry.normals(points) for points in shapes]
    histograms = [fpfh(p, n, FPFH_RADIUS) for p, n in zip(shapes, normals, strict=True)]
    each = range(len(shapes))
    steps: dict[str, Callable[[], object]] = {
        "normals": lambda: [geometry.normals(shapes[k]) for k in each],
        "FPFH": lambda: [fpfh(shapes[k], normals[k], FPFH_RADIUS) for k in each],
        "geometric regions from these": (
            lambda: [geometric_regions(shapes[k], normals[k], histograms[k]) for k in each]
        ),
        "kmeans regions from normals": (
            lambda: [kmeans_regions(shapes[k], normals[k]) for k in each]
        ),
    }
    rows += [(name, seconds(step)) for name, step in steps.items()]
    return [(name, took / len(shapes)) for name, took in rows]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--shapes", type=int, default=12)
    parser.add_argument("--no-release", action="store_true", help="Only ours.")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    chunk = next(iter(furniture_parts.read({}, FURNITURE_PARTS, "test").chunks))
    step = max(len(chunk.points) // arguments.shapes, 1)
    shapes = np.ascontiguousarray(chunk.points[::step][: arguments.shapes])
    rows = measure(shapes)
    if not arguments.no_release:
        rows += compare(shapes[0])
    for name, took in rows:
        sys.stdout.write(f"{name:45} {1000 * took:10.1f} ms\n")


if __name__ == "__main__":
    main()
