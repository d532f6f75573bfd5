"""Every encoder that config/encoders3d.yaml names with random weights, as local checkpoints.

    python tests/helpers/random_encoders.py FOLDER CONFIG.yaml

writes them and a config that names them and puts the embedded shapes in place of ModelNet40, so
that the whole DAG runs without a download:

    snakemake --cores 2 --configfile config/encoders3d.yaml CONFIG.yaml

The 3D encoders have their full size; the 2D backbones and the text towers are tiny.
"""

import hashlib
import sys
from pathlib import Path

import yaml
from point_networks import write_random
from tiny import tiny_backbone

from pointclip.catalog.datasets import FURNITURE


# 3D encoder -> channels of its features.
ENCODERS = {"openshape_b32": 512, "openshape_l14": 768, "openshape_g14": 1280, "ulip2": 1280}
IMAGES = ("vit_b_32", "vit_b_16", "vit_l_14")
CLASSES = ["bed", "bench", "cabinet", "chair", "desk", "lamp", "sofa", "table"]
METHODS = ["inter_view", "tip", "tip_f", "linear_probe", "nearest_mean"]


def entry_of(folder: Path, **changes) -> dict[str, str]:
    """A tiny CLIP, whose weights are found by their folder's name."""
    entry = tiny_backbone(folder, **changes)
    return {key: entry[key] for key in ("model", "model_config")}


def save_encoders(folder: Path) -> dict[str, dict[str, str]]:
    """The checkpoints, and the config's section that names them."""
    entries = {name: entry_of(folder / name, seed=i) for i, name in enumerate(IMAGES)}
    for name, channels in ENCODERS.items():
        tower = f"tower_{channels}"
        entries[tower] = entry_of(folder / tower, embed_dim=channels)
        (folder / name).mkdir(exist_ok=True)
        write_random(name, folder / name / "model.safetensors")
        entries[name] = {"base": name, "text": tower}
    return entries


def few_shot(projection: str, prompts: str, backbone: str) -> dict:
    """As the config's own, with as many shots as three train shapes a class allow."""
    return {
        "datasets": ["modelnet40_p2048"],
        "projections": [projection],
        "prompts": [prompts],
        "backbones": [backbone],
        "adapters": METHODS,
        "shots": [1, 2],
        "sampling": "few",
        "protocols": ["plain", "validation"],
    }


if __name__ == "__main__":
    checksum = hashlib.md5(FURNITURE.read_bytes()).hexdigest()
    folder = Path(sys.argv[1]).resolve()
    config = {
        "weights_dir": str(folder),
        "encode_threads": 1,
        "backbones": save_encoders(folder),
        "datasets": {
            "modelnet40_p2048": {
                "reader": "furniture",
                "classes": CLASSES,
                "shapes_per_class": 3,
                "urls": [str(FURNITURE)],
                "md5": checksum,
            }
        },
        "augmented": {"n_augmentations": 2},
        "samplings": {"few": {"seeds": [1, 2, 3], "validation_per_class": 1}},
        "few_shot": [
            few_shot("pointclip_v2", "depth_templates", "vit_b_16"),
            few_shot("none", "shape_templates", "openshape_b32"),
        ],
    }
    Path(sys.argv[2]).write_text(yaml.safe_dump(config, sort_keys=False))
