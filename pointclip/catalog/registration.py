"""The built-in ways to register: settings of a pair set, feature families, solvers; plain data.

Numbers in metres suit rooms. `driving` stands for FreeReg's KITTI settings.
"""

from typing import Any


# What belongs to a set of pairs: FreeReg's settings (FREEREG 1.1), by kind of scene. `unit`
# multiplies the lengths of features and solvers below: rooms have 1.
SETTINGS: dict[str, dict[str, Any]] = {
    "indoor": {
        "depth_unit": 1000,  # steps of a PNG depth map in one metre
        "valid_depth": [0.01, 10.0],  # metres
        "densify": "fast",
        "edge_limit": 0.2,  # metres within a window of 6 x 6 pixels
        "unit": 1.0,
        "inlier_distance": 0.3,
        "success": [20.0, 0.5],  # degrees, metres
    },
    "driving": {
        "depth_unit": 256,
        "valid_depth": [0.5, 80.0],
        "densify": "multiscale",
        "edge_limit": 1.0,
        "unit": 10.0,
        "inlier_distance": 3.0,
        "success": [10.0, 4.0],
    },
}
# What else an entry of a set of pairs may say, with its default.
PAIRS: dict[str, Any] = {
    "reader": "frames",
    "scene": "indoor",
    "list": "",  # a file of pairs; without one, overlap or gaps
    "overlap": 0.3,  # pairs of overlap.txt above it
    "gaps": [],  # a frame with the ones so many later in the sequence
    "intrinsics": [],  # fx, fy, cx, cy of the photo; else K.txt
    "depth_intrinsics": [],  # of the depth camera; else K_depth.txt, else the photo's
    "query_depth": "sensor",  # or none, a file's pattern, or the id of a network
    "query_depth_error": [0.0, 0.0],  # standard deviation of a scale, and of a smooth field
    "keypoints": "grid",
    "terms": "",  # where the files are had, for a person
    "urls": [],  # a zip of the scenes, fetched if `path` is no folder; its checksum, if known
    "sha256": "",
}

QUERY_DEPTHS = ("sensor", "none")
FAMILIES = ("fpfh", "hog", "clip_dense", "fcgf", "diffusion")
FEATURES: dict[str, dict[str, Any]] = {
    # Chosen on the embedded frames (their CARD.md): one part a radius, each on a cloud with one
    # point a voxel; `neighbours` at most are taken.
    "fpfh": {
        "family": "fpfh",
        "radii": [0.3, 0.6, 1.2],
        "voxels": [0.05, 0.05, 0.1],
        "neighbours": [120, 250, 400],
        "normal_radius": 0.1,
        "normal_neighbours": 30,
        "transfer_radius": 0.5,
    },
    # As Open3D's FPFH is mostly used, and as FREEREG 7.1 measured it.
    "fpfh_03": {"family": "fpfh", "radii": [0.3], "voxels": [0.05], "neighbours": [100]},
    "hog": {"family": "hog", "cell": 8, "bins": 9, "cells": 4},
    "clip_dense": {"family": "clip_dense", "backbone": "iconclip", "short_side": 224},
    # FreeReg's geometric features; the second for driving scenes, whose unit is 10 m.
    "fcgf": {"family": "fcgf", "network": "fcgf_3dmatch", "voxel": 0.025, "transfer_radius": 0.5},
    "fcgf_driving": {
        **{"family": "fcgf", "network": "fcgf_kitti"},
        **{"voxel": 0.03, "transfer_radius": 0.5},
    },
    # FreeReg's diffusion features, as released (FREEREG 1.2).
    "diffusion": {
        "family": "diffusion",
        "stable_diffusion": "stable_diffusion_1_5",
        "controlnet": "controlnet_depth_freereg",
        "mode": "released",
        "layers": [0, 4, 6],
        "timestep": 150,
        "steps": 20,
        "guidance": 5.0,
        "prompt": "",  # as the release has it for the kind of scene
        "seed": 12345,
        "axes": "pair",  # or shared by all frames of a set of pairs
        "dimensions": 128,
    },
}
# Keys of a family that name a network, with its kind.
NETWORK_KEYS = {
    "network": "fcgf",
    "stable_diffusion": "stable_diffusion",
    "controlnet": "controlnet",
}
# Keys of `diffusion` on which its layers depend.
LAYER_KEYS = (
    *("stable_diffusion", "controlnet", "mode", "layers"),
    *("timestep", "steps", "guidance", "prompt", "seed"),
)
AXES = ("pair", "shared")
# What all solvers by triples of matches share.
TRIPLES = {"tries": 60_000, "hypotheses": 6_000, "shortest_side": 0.2}
FEATURES["fpfh_03"] = FEATURES["fpfh"] | FEATURES["fpfh_03"]
SOLVERS: dict[str, dict[str, Any]] = {
    # Ours: rigid RANSAC, the best few hypotheses refined on both depth maps, verified there.
    "kabsch": {
        **{"method": "kabsch", "distance": 0.1, "scale": []},
        **TRIPLES,
        **{"candidates": 40, "finalists": 10},
    },
    # The same without refinement: the best hypothesis, refitted twice.
    "ransac": {"method": "ransac", "distance": 0.1, "scale": [], **TRIPLES},
    # FreeReg's settings for monocular depth, with the scale bounded.
    "kabsch_released": {"method": "ransac", "distance": 0.2, "scale": [0.6, 1.6], **TRIPLES},
    "pnp": {"method": "poselib", "pixels": 10.0},
    "pnp_released": {"method": "opencv", "pixels": 10.0},
    "kiss": {"method": "kiss", "distance": 0.1},
}
# Families and methods that are nothing without a depth map of the query.
WITH_QUERY_DEPTH = ("fpfh", "fcgf", "kabsch", "ransac", "kiss")
# The embedded frames: set of pairs -> scene below the package's assets, and its list of pairs.
EMBEDDED: dict[str, dict[str, Any]] = {
    "hololens": {"path": "assets/frames/hololens", "list": "pairs.txt"},
    "hololens_hard": {"path": "assets/frames/hololens", "list": "pairs_hard.txt"},
    "slambook2": {"path": "assets/frames/slambook2", "overlap": 0.3},
    "slambook2_all": {"path": "assets/frames/slambook2", "overlap": 0.0},
}
# Rows that are always there (FREEREG 2.2).
RANDOM, IDENTITY = "random", "identity"
RANDOM_SOLVER = "ransac"
RANDOM_MATCHES = 300
