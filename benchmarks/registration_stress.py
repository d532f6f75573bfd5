"""How the default way to register does where frames are worse than those it was chosen on.

    python benchmarks/registration_stress.py OUT.csv [variants …]
    python benchmarks/registration_stress.py OUT.csv --cloud hololens --part 0

A variant changes every depth map of the embedded frames. Pairs on which the identity pose fails are
then registered by the default and by the plain way (`reference`: FPFH at one radius, 4,000
hypotheses ranked by the matches alone). `--cloud` finds every fourth frame (from `--part` on) in
the cloud of all others, by virtual cameras. Recalls are added to OUT.csv, for
docs/write_registration.py.
"""

import argparse
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float32
from scipy.ndimage import gaussian_filter

from pointclip.catalog.registration import EMBEDDED, FEATURES, SETTINGS, SOLVERS
from pointclip.core.errors import UserError, choose
from pointclip.core.files import PACKAGE
from pointclip.data.readers.frames import find_scenes, read_depth, read_matrix, read_pair_list
from pointclip.registration.camera import Camera, make_camera, transform
from pointclip.registration.densify import densify
from pointclip.registration.depth_error import with_error
from pointclip.registration.depth_map import points_of, valid_pixels
from pointclip.registration.describe import Describer
from pointclip.registration.metrics import LIMITS, rotation_error, success, translation_error
from pointclip.registration.pairs import read_pose, true_pose
from pointclip.registration.prepare import make_keypoints, render_target
from pointclip.registration.register import (
    describe_side,
    pose_in_cloud,
    register_sides,
    search,
)
from pointclip.registration.side import Seen, Side
from pointclip.registration.surface import thin
from pointclip.registration.virtual_cameras import virtual_cameras


Map = Float32[np.ndarray, "height width"]
ENTRY = SETTINGS["indoor"]
WAYS = {
    "default": ("fpfh", SOLVERS["kabsch"]),
    "reference": ("fpfh_03", SOLVERS["ransac"] | {"tries": 4000, "hypotheses": 4000}),
}
# Scenes with the axis of the world that points up.
SCENES = {"hololens": "y", "slambook2": "-y"}
CLOUD, FREEREG = "merged cloud", (20.0, 0.5)
# Of a first Kinect: focal length times baseline in pixel metres, steps of disparity, noise.
KINECT, STEPS, NOISE = 585 * 0.075, 8, 3.5 * 0.16


def structured_light(depth: Map, focal: float, rng: np.random.Generator, strength: float) -> Map:
    """Noise and steps of disparity, slipped pixels, holes on slopes and in blobs; to 4.5 m."""
    height, width = depth.shape
    v, u = np.mgrid[:height, :width].astype(float)
    v = v + rng.normal(0, 0.5 * strength, depth.shape)
    u = u + rng.normal(0, 0.5 * strength, depth.shape)
    row, column = v.round().clip(0, height - 1), u.round().clip(0, width - 1)
    slipped = depth[row.astype(int), column.astype(int)].astype(float)
    known = slipped > 0
    disparity = np.where(known, KINECT / np.maximum(slipped, 0.1), 0)
    disparity += gaussian_filter(rng.normal(0, 1, depth.shape), 1.5) * NOISE * strength
    disparity = np.round(disparity * STEPS) / STEPS
    found = np.where(known & (disparity > 0.5), KINECT / np.maximum(disparity, 0.5), 0)
    filled = densify(depth, "fast")
    slope = np.hypot(*np.gradient(filled)) * focal / np.maximum(filled, 0.1)
    holes = (slope > 6 / strength) | blobs(depth.shape, 12, 1.3 / strength, rng)
    found[holes | (found > 4.5)] = 0
    return found.astype(np.float32)


def blobs(shape: tuple[int, ...], size: float, limit: float, rng: np.random.Generator) -> Any:
    field = gaussian_filter(rng.normal(0, 1, shape), size)
    return field / field.std() > limit


def every(depth: Map, camera: Camera, step: int) -> tuple[Map, Camera]:
    first = (step - 1) // 2
    kept = depth[first::step, first::step]
    k = np.array(camera.intrinsics) - [0, 0, first, first]
    return kept, make_camera(k / step, kept.shape[1], kept.shape[0])


def cropped(depth: Map, camera: Camera, share: float) -> tuple[Map, Camera]:
    top, left = (int(side * share) for side in depth.shape)
    kept = np.ascontiguousarray(depth[top:-top, left:-left])
    k = np.array(camera.intrinsics) - [0, 0, left, top]
    return kept, make_camera(k, kept.shape[1], kept.shape[0])


def worse(
    variant: str, depth: Map, camera: Camera, frame: int, is_query: bool
) -> tuple[Map, Camera]:
    """The depth map of a frame and side as a variant has it, and its camera."""
    rng = np.random.default_rng([frame, is_query, 7])
    name, amount = VARIANTS[variant]
    if name == "structured light":
        return structured_light(depth, camera.fx, rng, amount), camera
    if name == "every":
        return every(depth, camera, int(amount))
    if name == "cropped":
        return cropped(depth, camera, amount)
    if name == "noise":
        return (depth * (1 + rng.normal(0, amount, depth.shape))).astype(np.float32), camera
    if name == "blobs":
        return np.where(blobs(depth.shape, 15, amount, rng), 0, depth), camera
    if name == "near":
        return np.where(depth < amount, depth, 0), camera
    if name == "far" and is_query:
        return (depth * (1 + amount)).astype(np.float32), camera
    if name == "scale" and is_query:
        return with_error(depth, amount, amount / 2, seed=frame), camera
    return depth, camera


# What is done to depth maps, and how much of it.
VARIANTS = {
    "as they are": ("", 0.0),
    "structured light": ("structured light", 1.0),
    "structured light, twice as bad": ("structured light", 2.0),
    "noise of 1 %": ("noise", 0.01),
    "blobs of holes, 27 %": ("blobs", 0.6),
    "nothing beyond 3 m": ("near", 3.0),
    "every 2nd pixel": ("every", 2),
    "every 3rd pixel": ("every", 3),
    "middle 76 % of each side": ("cropped", 0.12),
    "query 2 % too far": ("far", 0.02),
    "query's scale off by 6 %": ("scale", 0.06),
}


def frame_of(scene: Any, frame: int) -> tuple[Map, Camera]:
    depth = read_depth(scene.file(f"{frame}.depth.png"), ENTRY["depth_unit"])
    matrix = read_matrix(scene.folder / "K.txt", 3, 3)
    return depth, make_camera(matrix, depth.shape[1], depth.shape[0])


def describe(seen: Seen, features: str, is_query: bool) -> Side:
    families = [Describer(FEATURES[features])]
    return describe_side(seen, make_keypoints(seen, "grid"), families, [1.0], is_query)


def see(depth: Map, camera: Camera) -> Seen:
    limits = tuple(ENTRY["valid_depth"]), float(ENTRY["edge_limit"])
    return Seen(camera, None, densify(depth, ENTRY["densify"]), *limits)


def errors(pose: Any, true: np.ndarray) -> dict[str, float]:
    if pose is None:
        return {"rotation_error_deg": 180.0, "translation_error_m": np.inf}
    return {
        "rotation_error_deg": rotation_error(pose, true),
        "translation_error_m": translation_error(pose, true),
    }


def stress(scene: Any, variant: str) -> Iterator[dict[str, Any]]:
    """A row for each pair and way."""
    described: dict[Any, Side] = {}

    def side(frame: int, is_query: bool, features: str) -> Side:
        key = frame, is_query, features
        if key not in described:
            seen = see(*worse(variant, *frame_of(scene, frame), frame, is_query))
            described[key] = describe(seen, features, is_query)
        return described[key]

    for (group, pairs), way in product(groups(scene).items(), WAYS):
        features, solver = WAYS[way]
        for number, (query, target) in enumerate(pairs):
            true = true_pose(read_pose(scene, query), read_pose(scene, target))
            sides = side(query, True, features), side(target, False, features)
            found = register_sides(*sides, solver, seed=number)
            about = {"variant": variant, "pairs": group, "way": way}
            yield {**about, **errors(found.solution.pose, true)}


def groups(scene: Any) -> dict[str, list[tuple[int, int]]]:
    """The pairs on which the identity pose fails, without those of the ordinary list."""
    rows = read_pair_list(scene.file("overlap.txt"))
    listed = {
        name: {row[:2] for row in read_pair_list(path)} if (path := scene.file(name)).is_file()
        else set()
        for name in ("pairs.txt", "pairs_hard.txt")
    }  # fmt: skip
    if not listed["pairs_hard.txt"]:
        return {"all": [row[:2] for row in rows]}
    found: dict[str, list[tuple[int, int]]] = {
        name: [] for name in ("pairs_hard.txt", "others, overlap > 0.3", "others, overlap <= 0.3")
    }
    for query, target, overlap in rows:
        off = errors(np.eye(4), true_pose(read_pose(scene, query), read_pose(scene, target)))
        if (query, target) in listed["pairs_hard.txt"]:
            found["pairs_hard.txt"].append((query, target))
        elif (query, target) not in listed["pairs.txt"] and not success(*off.values(), FREEREG):
            found[f"others, overlap {'>' if overlap > 0.3 else '<='} 0.3"].append((query, target))
    return found


def in_cloud(scene: Any, part: int) -> Iterator[dict[str, Any]]:
    """A row for every fourth frame, found in the cloud of all others."""
    clouds, held_out = [], scene.ids[part::4]
    for frame in scene.ids:
        if frame not in held_out:
            depth, camera = frame_of(scene, frame)
            points = points_of(depth, camera, valid_pixels(depth, 0.3, 5.0))
            clouds.append(transform(read_pose(scene, frame), points[::4]))
    cloud = thin(np.concatenate(clouds), 0.015)
    seen: dict[bytes, Side | None] = {}

    def look(camera: Camera) -> Side | None:
        key = camera.pose.tobytes()
        if key not in seen:  # the same cameras for all queries
            try:
                seen[key] = describe(render_target(cloud, camera, ENTRY), "fpfh", False)
            except UserError:
                seen[key] = None
        return seen[key]

    for frame in held_out:
        query = describe(see(*frame_of(scene, frame)), "fpfh", True)
        cameras = virtual_cameras(cloud, query.keypoints.camera, "around", SCENES[scene.name])
        found = search(query, look, cameras, SOLVERS["kabsch"])
        about = {"variant": CLOUD, "pairs": "photos", "way": "default"}
        pose = None if found is None else pose_in_cloud(found)
        yield {**about, **errors(pose, read_pose(scene, frame))}


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Recalls of each group of pairs and way."""
    for name, (degrees, metres) in LIMITS.items():
        near = rows["rotation_error_deg"] < degrees
        rows[name] = 100 * (near & (rows["translation_error_m"] < metres))
    groups = rows.groupby(["variant", "scene", "pairs", "way"], sort=False)
    return groups.agg(n=("way", "size"), **{name: (name, "mean") for name in LIMITS}).reset_index()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("variants", nargs="*", metavar="variant", help=", ".join(VARIANTS))
    parser.add_argument("--cloud", choices=SCENES)
    parser.add_argument("--part", type=int, default=0, choices=range(4))
    options = parser.parse_args()
    for name in options.variants:  # argparse would look for the empty list among choices
        choose(name, VARIANTS, "variant")
    scenes = [find_scenes(PACKAGE / EMBEDDED[name]["path"])[0] for name in SCENES]
    rows: list[dict[str, Any]] = []
    for scene in scenes:
        if options.cloud == scene.name:
            rows += [{"scene": scene.name, **row} for row in in_cloud(scene, options.part)]
        for variant in () if options.cloud else options.variants or VARIANTS:
            rows += [{"scene": scene.name, **row} for row in stress(scene, variant)]
    known = [pd.read_csv(options.out)] if options.out.exists() else []
    table = pd.concat([*known, summary(pd.DataFrame(rows))])
    table.to_csv(options.out, index=False, float_format="%.1f")


if __name__ == "__main__":
    sys.exit(main())
