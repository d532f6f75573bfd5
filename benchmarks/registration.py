"""Registration of the embedded frames beside Open3D's FPFH and RANSAC, in one run.

    pip install open3d
    python benchmarks/registration.py [--pairs hololens_hard] [--rounds 3] [--memory 400]

Open3D does what its documentation does: one voxel of 5 cm, normals, FPFH of 25 cm, RANSAC on mutual
matches (100,000 tries, confidence 0.999), ICP on planes. All start from the same filled depth maps.
`reference` is the plain way of ours: FPFH at one radius, RANSAC on the matches, no alignment. Every
pair is registered by all of them in turn, on one thread; CPU seconds count, because a busy machine
disturbs them least. `--memory` registers so many pairs by the stages of the DAG instead, and prints
what the process holds on the way.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


os.environ["OMP_NUM_THREADS"] = "1"  # before any library starts its threads

import numpy as np
import pandas as pd

from pointclip.catalog.registration import EMBEDDED, FEATURES, PAIRS, SETTINGS, SOLVERS
from pointclip.core.files import PACKAGE
from pointclip.core.store import open_h5
from pointclip.data.readers.frames import find_scenes
from pointclip.registration.depth_map import points_of, valid_pixels
from pointclip.registration.describe import Describer
from pointclip.registration.frame_stages import table_of_pairs, write_features, write_frames
from pointclip.registration.metrics import LIMITS, rotation_error, translation_error
from pointclip.registration.pair_stages import PairReader, write_matches, write_poses
from pointclip.registration.pairs import list_pairs, read_pose, true_pose
from pointclip.registration.prepare import make_keypoints, see_query, see_target
from pointclip.registration.register import describe_side, register_sides
from pointclip.registration.side import Seen


VOXEL, TRIES, CONFIDENCE = 0.05, 100_000, 0.999
OURS = {"pointclip": ("fpfh", "kabsch"), "reference": ("fpfh_03", "ransac")}


def timed(call: Callable[..., Any], *given: Any) -> tuple[Any, float]:
    start = time.process_time()
    return call(*given), time.process_time() - start


def describe(seen: Seen, features: str, is_query: bool) -> Any:
    families = [Describer(FEATURES[features])]
    return describe_side(seen, make_keypoints(seen, "grid"), families, [1.0], is_query)


def open3d_describe(seen: Seen) -> tuple[Any, Any]:
    import open3d

    assert seen.depth is not None
    valid = valid_pixels(seen.depth, *seen.valid_depth, seen.edge_limit)
    points = open3d.utility.Vector3dVector(points_of(seen.depth, seen.camera, valid))
    cloud = open3d.geometry.PointCloud(points).voxel_down_sample(VOXEL)
    near = open3d.geometry.KDTreeSearchParamHybrid(radius=2 * VOXEL, max_nn=30)
    cloud.estimate_normals(near)
    cloud.orient_normals_towards_camera_location()
    wide = open3d.geometry.KDTreeSearchParamHybrid(radius=5 * VOXEL, max_nn=100)
    return cloud, open3d.pipelines.registration.compute_fpfh_feature(cloud, wide)


def open3d_register(query: Any, target: Any, seed: int) -> np.ndarray:
    import open3d

    library, distance = open3d.pipelines.registration, 1.5 * VOXEL
    open3d.utility.random.seed(seed)
    found = library.registration_ransac_based_on_feature_matching(
        query[0], target[0], query[1], target[1], True, distance,
        library.TransformationEstimationPointToPoint(False), 3,
        [
            library.CorrespondenceCheckerBasedOnEdgeLength(0.9),
            library.CorrespondenceCheckerBasedOnDistance(distance),
        ],
        library.RANSACConvergenceCriteria(TRIES, CONFIDENCE),
    )  # fmt: skip
    plane = library.TransformationEstimationPointToPlane()
    refined = library.registration_icp(
        query[0], target[0], distance, found.transformation, plane
    ).transformation
    return np.asarray(refined)


def compare(name: str, rounds: int) -> None:
    entry, scene, pairs = embedded(name)
    seen = {}
    for side, see in (("query", see_query), ("target", see_target)):
        for frame in sorted({getattr(pair, side) for pair in pairs}):
            seen[side, frame] = see(scene, frame, entry)
    ways: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
        label: (
            lambda one, is_query, features=features: describe(one, features, is_query),
            lambda a, b, seed, solver=solver: (
                register_sides(a, b, SOLVERS[solver], seed=seed).solution.pose
            ),
        )
        for label, (features, solver) in OURS.items()
    }
    try:
        import open3d
    except ImportError:
        print("Open3D is not installed: pip install open3d")
    else:
        print(f"Open3D {open3d.__version__}")
        ways["Open3D"] = (lambda one, is_query: open3d_describe(one), open3d_register)
    described, seconds = {}, []
    for (side, frame), one in seen.items():
        for label, (describe_by, _) in ways.items():
            if not described:  # numba compiles at the first call
                describe_by(one, side == "query")
            described[label, side, frame], took = timed(describe_by, one, side == "query")
            seconds.append({"way": label, "frame": took})
    results = []
    for number, pair in enumerate(pairs):
        true = true_pose(read_pose(scene, pair.query), read_pose(scene, pair.target))
        for label, (_, register_by) in ways.items():
            sides = described[label, "query", pair.query], described[label, "target", pair.target]
            if not results:
                register_by(*sides, number)
            runs = [timed(register_by, *sides, number) for _ in range(rounds)]
            pose, took = runs[0][0], min(run[1] for run in runs)
            off = (180.0, np.inf)
            if pose is not None:
                off = rotation_error(pose, true), translation_error(pose, true)
            good = {key: off[0] < a and off[1] < b for key, (a, b) in LIMITS.items()}
            results.append({"way": label, "pair": took, **good})
    frames = pd.DataFrame(seconds).groupby("way", sort=False)["frame"].median()
    table = pd.DataFrame(results).groupby("way", sort=False)
    print(f"{name}: {len(pairs)} pairs, {len(seen)} sides of frames")
    print("| way | CPU ms a frame | CPU ms a pair, median | slowest | recalls, % |")
    print("| --- | --- | --- | --- | --- |")
    for label, group in table:
        recalls = " · ".join(f"{100 * group[key].mean():.1f}" for key in LIMITS)
        took = 1000 * group["pair"]
        print(
            f"| {label} | {1000 * frames[label]:.0f} | {took.median():.0f} | {took.max():.0f} "
            f"| {recalls} |"
        )


def memory(name: str, number: int) -> None:
    """What the process holds while the DAG's stages of pairs work through ever more of them."""
    import psutil

    entry, _, _ = embedded(name)
    listed = table_of_pairs(entry)
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        write_frames(listed, entry, folder / "frames.h5")
        write_features(listed, folder / "frames.h5", Describer(FEATURES["fpfh"]), folder / "f.h5")
        print("| pairs | MB held | CPU ms a pair |\n| --- | --- | --- |")
        with open_h5(folder / "frames.h5") as frames, open_h5(folder / "f.h5") as features:
            reader = PairReader(frames, [features], [1.0])
            done, step = 0, 25
            while done < number:
                pairs = listed.iloc[np.arange(done, done + step) % len(listed)]
                pairs = pairs.assign(pair=[f"pair-{n}" for n in range(done, done + step)])
                start = time.process_time()
                write_matches(pairs, reader, folder / "matches.h5")
                with open_h5(folder / "matches.h5") as matches:
                    solver = SOLVERS["kabsch"]
                    write_poses(pairs, reader, matches, solver, 1.0, folder / "poses.h5")
                took = 1000 * (time.process_time() - start) / step
                done, step = done + step, done + step
                held = psutil.Process().memory_info().rss / 2**20
                print(f"| {done} | {held:.0f} | {took:.0f} |")


def embedded(name: str) -> tuple[dict[str, Any], Any, list[Any]]:
    """A set of embedded pairs: its entry, its scene and its pairs."""
    entry = {**SETTINGS["indoor"], **PAIRS, **EMBEDDED[name]}
    entry["path"] = str(PACKAGE / entry["path"])
    (scene,) = find_scenes(entry["path"])
    return entry, scene, list_pairs(scene, entry)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pairs", nargs="*", choices=EMBEDDED, default=["hololens_hard"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", type=int, default=0, help="so many pairs, at least")
    options = parser.parse_args()
    for name in options.pairs:
        if options.memory:
            memory(name, options.memory)
        else:
            compare(name, options.rounds)


if __name__ == "__main__":
    sys.exit(main())
