"""The table of built-in 3D encoders: backbones that read points, not depth maps.

Each has a text tower, a 2D backbone of `backbones.py`, whose sentences its features are compared
with. Sizes are bytes of the published files, whose weights may be in half precision or stand beside
an optimiser's state. Licences: of the code as its repository says; those of the weights stand where
their page says one.
"""

from collections.abc import Mapping
from typing import Any


POINT_BACKBONES: dict[str, dict[str, Any]] = {
    # OpenShape (Liu et al., NeurIPS 2023). Its files beyond B/32 were never given accuracies
    # except G/14; `repeat`: a smaller cloud is filled with points of its own.
    "openshape_b32": {
        "network": "openshape_b32",
        "text": "vit_b_32",
        "hub": "OpenShape/openshape-pointbert-vitb32-rgb",
        "file": "model.pt",
        "points": 10_000,
        "repeat": True,
        "size": 101e6,
        "license": "Apache-2.0 (code), MIT (weights)",
    },
    "openshape_l14": {
        "network": "openshape_l14",
        "text": "vit_l_14",
        "hub": "OpenShape/openshape-pointbert-vitl14-rgb",
        "file": "model.pt",
        "points": 10_000,
        "repeat": True,
        "size": 103e6,
        "license": "Apache-2.0 (code), MIT (weights)",
    },
    "openshape_g14": {
        "network": "openshape_g14",
        "text": "vit_bigg_14",
        "hub": "OpenShape/openshape-pointbert-vitg14-rgb",
        "file": "model.pt",
        "points": 10_000,
        "repeat": True,
        "up": "z_exchanged",
        "size": 388e6,
        "license": "Apache-2.0 (code), MIT (weights)",
        "expected": "84.4 on modelnet40 (OpenShape README)",
    },
    # Uni3D (Zhou et al., ICLR 2024). The giant's newest file lies beside this one under a name that
    # its README does not give; the tiny and the small one were never released.
    "uni3d_b": {
        "network": "uni3d_base",
        "text": "eva02_e_14_plus",
        "hub": "BAAI/Uni3D",
        "file": "modelzoo/uni3d-b/model.pt",
        "points": 10_000,
        "size": 178e6,
        "license": "MIT",
        "expected": "86.3 on modelnet40 (Uni3D README)",
    },
    "uni3d_l": {
        "network": "uni3d_large",
        "text": "eva02_e_14_plus",
        "hub": "BAAI/Uni3D",
        "file": "modelzoo/uni3d-l/model.pt",
        "points": 10_000,
        "size": 615e6,
        "license": "MIT",
        "expected": "86.3 on modelnet40 (Uni3D README)",
    },
    "uni3d_g": {
        "network": "uni3d_giant",
        "text": "eva02_e_14_plus",
        "hub": "BAAI/Uni3D",
        "file": "modelzoo/uni3d-g/model.pt",
        "points": 10_000,
        "size": 2035e6,
        "license": "MIT",
        "expected": "87.3 on modelnet40 (Uni3D README)",
    },
    "uni3d_ti": {
        "network": "uni3d_tiny",
        "text": "eva02_e_14_plus",
        "points": 10_000,
        "size": 26e6,
        "license": "MIT (code); weights were never released",
    },
    "uni3d_s": {
        "network": "uni3d_small",
        "text": "eva02_e_14_plus",
        "points": 10_000,
        "size": 91e6,
        "license": "MIT (code); weights were never released",
    },
    # ULIP-2 (Xue et al., CVPR 2024): PointBERT with colours, 10,000 points.
    "ulip2": {
        "network": "ulip2",
        "text": "vit_bigg_14",
        "hub": "datasets/SFXX/ulip",
        "file": "ULIP-2/pretrained_models/"
        "ULIP-2-PointBERT-10k-xyzrgb-pc-vit_g-objaverse_shapenet-pretrained.pt",
        "points": 10_000,
        "size": 402_018_241,
        "license": "BSD-3-Clause (code); weights: not stated",
        "expected": "84.7 on modelnet40 (ULIP-2 README)",
    },
}
POINT_DEFAULTS: dict[str, Any] = {
    "text": None,  # the 2D backbone whose text tower it was trained with
    "text_features": None,  # a file of sentences' features, in place of that tower
    "points": 10_000,  # of larger clouds so many are read
    "repeat": False,  # whether smaller ones are filled with points of their own
    "up": "y",  # or z_exchanged: y and z change places, as OpenShape's largest network reads them
    "batch": None,  # clouds encoded at once; 16 on a GPU and 4 on a CPU, if not given
    "hub": None,  # the repository that holds these weights, and the file in it
    "file": None,
    "weights": None,  # a local checkpoint
    "weights_dir": None,
    "prompts": "shape_templates",
    "sha256": None,
    "size": None,
    "license": None,
    "expected": None,  # zero-shot accuracy, %, and where it was published
}
POINT_CHOICES = {"up": ("y", "z_exchanged")}


def points_read(entry: Mapping[str, Any], given: int) -> int:
    """How many points of a cloud of `given` points a resolved backbone reads.

    2D backbones have no limit: all points are rendered.
    """
    if "network" not in entry:
        return given
    return int(entry["points"]) if entry["repeat"] else min(given, int(entry["points"]))
