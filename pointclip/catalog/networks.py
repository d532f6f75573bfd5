"""The frozen networks of registration: where they are published, how large, under which licence.

Plain data, light to import. A config's entry may build on one by `base`, or give a `path`.
"""

from collections.abc import Mapping
from typing import Any

from pointclip.core.errors import UserError, choose


TOKENIZER = ("merges.txt", "special_tokens_map.json", "tokenizer_config.json", "vocab.json")
DEPTH_FILES = ("config.json", "model.safetensors", "preprocessor_config.json")
# What Google Drive's page for downloads asks for when a file is too large for it to scan.
DRIVE = "https://drive.usercontent.google.com/download?export=download&confirm=t"
KINDS = ("stable_diffusion", "controlnet", "metric_depth", "fcgf")

# `files` are paths in the hub's repository; sizes are of those files, in bytes.
NETWORKS: dict[str, dict[str, Any]] = {
    "stable_diffusion_1_5": {
        "kind": "stable_diffusion",
        # The first publisher withdrew it; this organisation mirrors it.
        "hub": "stable-diffusion-v1-5/stable-diffusion-v1-5",
        "files": (
            *("unet/config.json", "unet/diffusion_pytorch_model.fp16.safetensors"),
            *("vae/config.json", "vae/diffusion_pytorch_model.fp16.safetensors"),
            *("text_encoder/config.json", "text_encoder/model.fp16.safetensors"),
            *(f"tokenizer/{name}" for name in TOKENIZER),
        ),
        "size": 2133e6,
        "licence": "CreativeML OpenRAIL-M",
    },
    "controlnet_depth": {
        "kind": "controlnet",
        "hub": "lllyasviel/control_v11f1p_sd15_depth",
        "files": ("config.json", "diffusion_pytorch_model.fp16.safetensors"),
        "size": 723e6,
        "licence": "OpenRAIL",
    },
    # What FreeReg has released since 2023-11: fine-tuned on real RGB-D by its authors.
    "controlnet_depth_freereg": {
        "kind": "controlnet",
        "files": ("control_v11f1p_sd15_depth_ft.pth",),
        "url": f"{DRIVE}&id=1YSYXHZtg4Mvdh_twOK_FIc8kao3sA3z2",
        "by_hand": "the links to Google Drive in the README of github.com/WHU-USI3DV/FreeReg",
        "licence": "none stated",
    },
    **{
        f"zoe_{heads}": {
            "kind": "metric_depth",
            "hub": f"Intel/zoedepth-{trained_on}",
            "files": DEPTH_FILES,
            "size": 1380e6,
            "licence": "MIT",
        }
        for heads, trained_on in (("n", "nyu"), ("k", "kitti"), ("nk", "nyu-kitti"))
    },
    **{
        f"depth_anything_{place}_{name}": {
            "kind": "metric_depth",
            "hub": f"depth-anything/Depth-Anything-V2-Metric-{place.title()}-{name.title()}-hf",
            "files": DEPTH_FILES,
            "size": size,
            "licence": "Apache-2.0" if name == "small" else "CC BY-NC 4.0",
        }
        for place in ("indoor", "outdoor")
        for name, size in (("small", 99e6), ("base", 390e6), ("large", 1341e6))
    },
    "depth_pro": {
        "kind": "metric_depth",
        "hub": "apple/DepthPro-hf",
        "files": DEPTH_FILES,
        "size": 1904e6,
        "licence": "Apple's licence for research",
    },
    "fcgf_3dmatch": {
        "kind": "fcgf",
        "hub": "chrischoy/FCGF",
        "files": ("2019-08-19_06-17-41.pth",),
        "licence": "MIT",
    },
    "fcgf_kitti": {
        "kind": "fcgf",
        "hub": "chrischoy/FCGF",
        "files": ("KITTI-v0.3-ResUNetBN2C-conv1-5-nout32.pth",),
        "licence": "MIT",
    },
}
DEFAULTS: dict[str, Any] = {
    "path": None,  # a local folder or file, instead of the published one
    "hub": None,
    "url": None,  # of a network of one file that is on no hub
    "by_hand": None,  # where a person finds it, if its URL gives nothing
    "files": (),
    "size": None,
    "sha256": {},  # of files, by their names
    "licence": "not stated",
}


def resolve_network(network: str | Mapping[str, Any]) -> dict[str, Any]:
    """All settings of a built-in network, or of an entry that may build on one by `base`.

    Raises:
        UserError: for an unknown network, key or kind.
    """
    if isinstance(network, str):
        network = {"base": network}
    entry = dict(network)
    base = entry.pop("base", None)
    inherited: dict[str, Any] = {}
    if base is not None:
        inherited = {"name": base, **NETWORKS[choose(str(base), NETWORKS, "network")]}
    full = {**DEFAULTS, **inherited, **entry}
    if unknown := set(full) - set(DEFAULTS) - {"name", "kind", "description"}:
        allowed = ", ".join(sorted({"base", "kind", *DEFAULTS}))
        raise UserError(f"Unknown key '{min(unknown)}' in a network entry: allowed are {allowed}.")
    if "kind" not in full:
        raise UserError(f"The network entry {entry} has neither 'kind' nor 'base'.")
    choose(str(full["kind"]), KINDS, "kind of network")
    full.setdefault("name", full["kind"])
    return full
