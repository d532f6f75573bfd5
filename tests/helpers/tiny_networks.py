"""Every network that config/freereg.yaml names, small and random, as local checkpoints.

    python tests/helpers/tiny_networks.py FOLDER CONFIG.yaml

writes them and a config that names them and puts embedded frames in place of its data sets, so that
the whole DAG runs without a download:

    snakemake --cores 2 --configfile config/freereg.yaml CONFIG.yaml
"""

import sys
from pathlib import Path

import torch
import yaml
from tiny_depth import save_depth_network
from tiny_diffusion import make_controlnet, original_layout, save_stable_diffusion


DEPTH = {
    "zoe_n": "zoe",
    "zoe_nk": "zoe_nk",
    "depth_anything_indoor_large": "depth_anything",
    "depth_anything_outdoor_large": "depth_anything",
    "depth_pro": "depth_pro",
}
# So that a frame takes seconds: 2 steps in place of 17, and as many dimensions as fit.
QUICK = {
    "diffusion": {"base": "diffusion", "steps": 2, "dimensions": 16},
    "diffusion_64": {"base": "diffusion", "dimensions": 8},
    "diffusion_256": {"base": "diffusion", "dimensions": 32},
}
FRAMES = {
    "path": "pointclip/assets/frames/slambook2",
    "intrinsics": [518.0, 519.0, 325.5, 253.5],
    "depth_intrinsics": [518.0, 519.0, 325.5, 253.5],
}


def save_fcgf(path: Path, size: int) -> Path:
    """A checkpoint of FCGF with few channels; `size` is the side of the first kernel."""
    from pointclip.registration.dense.fcgf import ResUNetBN2C

    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = ResUNetBN2C((4, 6, 8, 8), (8, 6, 6, 6), 8, size)
        for parameter in network.parameters():
            torch.nn.init.normal_(parameter, std=0.3)
    torch.save({"state_dict": network.state_dict()}, path)
    return path


def save_networks(folder: Path) -> dict[str, dict[str, str]]:
    """The networks, and the config's section that names them."""
    paths = {
        "stable_diffusion_1_5": save_stable_diffusion(folder / "sd"),
        "controlnet_depth": folder / "controlnet",
        "controlnet_depth_freereg": folder / "controlnet_ft.pth",
        **{name: save_depth_network(folder / name, kind) for name, kind in DEPTH.items()},
    }
    controlnet = make_controlnet()
    controlnet.save_pretrained(paths["controlnet_depth"])
    torch.save(original_layout(controlnet.state_dict()), paths["controlnet_depth_freereg"])
    for name, size in (("fcgf_3dmatch", 7), ("fcgf_kitti", 5)):
        paths[name] = save_fcgf(folder / f"{name}.pth", size)
    return {name: {"base": name, "path": str(path)} for name, path in paths.items()}


if __name__ == "__main__":
    config = {
        "networks": save_networks(Path(sys.argv[1])),
        "features": QUICK,
        "pairs": {
            # Two pairs each, and for the driving data one frame with the next three.
            "3dmatch": FRAMES | {"overlap": 0.55},
            "scannet": FRAMES | {"overlap": 0.55},
            "kitti_dc": FRAMES,
        },
    }
    Path(sys.argv[2]).write_text(yaml.safe_dump(config, sort_keys=False))
