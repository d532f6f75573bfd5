"""Speed and memory of the projections, beside plain dense code of the same formulas.

    python benchmarks/projection.py [--threads 2] [--batch 32] [--device cpu] [--stage]

Every line is the best of several rounds, in which the implementations take turns, so that a busy
machine slows all of them; CPU time (all threads) is printed because it suffers least from that.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import torch
import torch.nn.functional as F

from pointclip.catalog.projections import PROJECTIONS
from pointclip.projection.projection import Projection, get_projection


GOLDEN = Path(__file__).parents[1] / "tests" / "golden" / "projections.npz"


def clouds(number: int) -> torch.Tensor:
    """Scanned objects, turned at random: as crowded and as empty as real ones."""
    generator = torch.Generator().manual_seed(0)
    turns, _ = torch.linalg.qr(torch.randn(number, 3, 3, generator=generator))
    shapes = torch.from_numpy(np.load(GOLDEN)["points"])
    return (shapes[torch.arange(number) % len(shapes)] @ turns).contiguous()


def dense_v1(projection: Projection, points: torch.Tensor) -> torch.Tensor:
    """Scatter-add of values and of weights over all points of all views."""
    size, q = projection.size[0], rotated(projection, points)
    z = q[..., 2] + projection.params["distance"]
    row, column = (((q[..., k] / z + 1) * size / 2 - 0.5).ceil() for k in (0, 1))
    inside = (row >= 0) & (row < size) & (column >= 0) & (column < size) & (z >= 0)
    weight = inside / (z + 1e-12)
    cell = torch.where(inside, row * size + column, 0).long()
    weights = torch.zeros(len(q), size**2, device=q.device).scatter_add_(1, cell, weight)
    values = torch.zeros(len(q), size**2, device=q.device).scatter_add_(1, cell, weight * z)
    return (values / torch.where(weights == 0, 1, weights)).view(len(points), -1, size, size)


def dense_v2(projection: Projection, points: torch.Tensor) -> torch.Tensor:
    """max_pool3d and conv3d over the whole grid."""
    size, slices, q = 112, 8, rotated(projection, points)
    high, low = q.amax(1, keepdim=True), q.amin(1, keepdim=True)
    q = (q - (high + low) / 2) / (high - low).amax(2, keepdim=True) * 2
    row, column = (((q[..., k] * 0.8 + 1) / 2 * size).ceil().clip(1, size - 2) for k in (0, 1))
    z = ((q[..., 2] + 1) / 2 + 0.2) / 1.2 * (slices - 2)
    cell = ((z.ceil() * size + row) * size + column).long()
    grid = torch.zeros(len(q), slices * size**2, device=q.device)
    grid.scatter_reduce_(1, cell, z.clip(1, slices - 2), "amax")
    grid = F.max_pool3d(grid.view(-1, 1, slices, size, size), (1, 7, 7), 1, (0, 2, 2))
    taps = torch.exp(-(torch.arange(-1.0, 2, device=q.device) ** 2) / 18)
    kernel = (taps[:, None] * taps) / taps.sum() ** 2
    image = F.conv3d(grid, kernel.view(1, 1, 1, 3, 3), padding=(0, 1, 1)).amax((1, 2))
    return (1 - image / image.amax((1, 2), keepdim=True)).view(len(points), -1, 110, 110)


def rotated(projection: Projection, points: torch.Tensor) -> torch.Tensor:
    turns = torch.from_numpy(projection.rotations).to(points.device)
    return torch.einsum("vij,bnj->bvni", turns, points).flatten(0, 1)


DENSE: dict[str, Callable] = {
    "pointclip_zs": dense_v1,
    "pointclip_fs": dense_v1,
    "pointclip_v2": dense_v2,
}


def seconds(work: Callable[[], object], device: str) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    if device != "cpu":
        torch.cuda.synchronize()
    return time.perf_counter() - wall, time.process_time() - cpu


def measure(name: str, batch: int, threads: int, device: str, rounds: int) -> str:
    torch.set_num_threads(threads)
    projection, points = get_projection(name), clouds(batch).to(device)
    ways: dict[str, Callable[[], object]] = {"ours": lambda: projection(points)}
    if name in DENSE:
        part = points[:3] if device == "cpu" else points
        ways["dense"] = lambda: DENSE[name](projection, part)
        differs = (DENSE[name](projection, part) - projection(part)).abs() > 1e-3
        if differs.float().mean() > 1e-3:
            sys.exit(f"{name}: the dense code renders something else.")
    best = dict.fromkeys(ways, (float("inf"), float("inf")))
    for round_number in range(rounds):
        for way, work in ways.items():
            for _ in range(5 if way == "ours" else 1):
                now = seconds(work, device)
                if round_number:
                    best[way] = (min(best[way][0], now[0]), min(best[way][1], now[1]))
    wall, cpu = (t / batch * 1e3 for t in best["ours"])
    line = f"{name:13} {threads:7} {1e3 / wall:9.0f} {wall:9.3f} {cpu:9.3f}"
    if "dense" in best:
        dense_wall, dense_cpu = (t / len(part) * 1e3 for t in best["dense"])
        line += f" {dense_wall:9.2f} {dense_wall / wall:6.1f}x {dense_cpu / cpu:6.1f}x"
    return line


def peak(name: str, batch: int, threads: int) -> str:
    """Memory that one call takes beyond what the process had before; Linux only."""
    torch.set_num_threads(threads)
    projection, points = get_projection(name), clouds(batch)
    projection(points[:1])
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew from here
    before = highest_memory()
    images = projection(points)
    grown = highest_memory() - before
    return f"{name:13} {batch:6} {images.nbytes / 2**20:10.1f} {grown:10.1f}"


def highest_memory() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def stage(name: str, threads: int, batch: int = 32, number: int = 512) -> str:
    """The `project` stage, HDF5 and compression included, beside the projector alone."""
    from pointclip.core.store import new_h5
    from pointclip.projection.project import project

    torch.set_num_threads(threads)
    projection, points = get_projection(name), clouds(number)
    projection(points[:batch])
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder, "clouds.h5"), Path(folder, "depth.h5")
        with new_h5(path) as f:
            f["points"] = points.numpy()
            f["id"] = np.array([f"test/{k:06d}" for k in range(number)], dtype="S")
        alone = staged = (float("inf"), float("inf"))
        for _ in range(3):
            for part in (False, True):

                def work(part: bool = part) -> None:
                    if part:
                        project(path, projection, out, threads=threads)
                    else:
                        for k in range(0, number, batch):
                            projection(points[k : k + batch])

                now = seconds(work, "cpu")
                if part:
                    staged = (min(staged[0], now[0]), min(staged[1], now[1]))
                else:
                    alone = (min(alone[0], now[0]), min(alone[1], now[1]))
        size = out.stat().st_size / number / 1024
        with h5py.File(out) as f:
            raw = f["depth"][:1].nbytes / 1024
    return (
        f"{name:13} {threads:7} {number / alone[0]:9.0f} {number / staged[0]:9.0f} "
        f"{alone[0] / staged[0]:7.0%} {size:9.1f} {raw:9.0f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--stage", action="store_true", help="measure the project stage too")
    parser.add_argument("--only", nargs="+", default=list(PROJECTIONS))
    options = parser.parse_args()
    write = sys.stdout.write
    write("projection    threads  clouds/s  ms/cloud    cpu ms  dense ms   wall    cpu\n")
    for threads in options.threads:
        for name in options.only:
            write(measure(name, options.batch, threads, options.device, options.rounds) + "\n")
            sys.stdout.flush()
    if options.device != "cpu":
        write(f"\nPeak memory on the GPU: {torch.cuda.max_memory_allocated() / 2**20:.0f} MiB\n")
        return
    write("\nprojection     batch images/MiB   peak/MiB\n")
    for name in options.only:
        for batch in (options.batch, 4 * options.batch):
            write(peak(name, batch, options.threads[-1]) + "\n")
    if options.stage:
        write("\nprojection    threads  alone/s   stage/s   share  KiB/cloud  raw KiB\n")
        for name in options.only:
            write(stage(name, options.threads[-1]) + "\n")


if __name__ == "__main__":
    main()
