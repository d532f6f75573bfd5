"""The table of built-in 2D backbones, and the settings of any; light to import, for a Snakefile."""

from collections.abc import Mapping
from typing import Any

from pointclip.catalog.point_backbones import POINT_BACKBONES, POINT_CHOICES, POINT_DEFAULTS
from pointclip.core.errors import UserError, choose


# Of stronger backbones of later years: their depth is normalised as their photos were.
LATER = {"mean_std": "openclip", "prompts": "depth_templates"}
# `hub` repeats what open_clip knows (a test compares), because importing open_clip takes seconds.
# Sizes are those of the parameters in single precision; some files hold half of it.
BACKBONES: dict[str, dict[str, Any]] = {
    # Made for this project by recipes/iconclip, and part of the package.
    "iconclip": {
        "model": "iconclip",
        "model_config": "iconclip/iconclip.json",
        "weights": "iconclip/iconclip.safetensors",
        "prompts": "iconclip",
    },
    # The six of PointCLIP. The release feeds depth without CLIP's mean and std, so do these.
    "rn50": {
        "model": "RN50",
        "pretrained": "openai",
        "hub": "timm/resnet50_clip.openai",
        "size": 408e6,
    },
    "rn101": {
        "model": "RN101",
        "pretrained": "openai",
        "hub": "timm/resnet101_clip.openai",
        "size": 479e6,
    },
    "vit_b_32": {
        "model": "ViT-B-32",
        "pretrained": "openai",
        "hub": "timm/vit_base_patch32_clip_224.openai",
        "size": 605e6,
    },
    "vit_b_16": {
        "model": "ViT-B-16",
        "pretrained": "openai",
        "hub": "timm/vit_base_patch16_clip_224.openai",
        "size": 598e6,
    },
    "rn50x4": {
        "model": "RN50x4",
        "pretrained": "openai",
        "hub": "timm/resnet50x4_clip.openai",
        "size": 713e6,
    },
    "rn50x16": {
        "model": "RN50x16",
        "pretrained": "openai",
        "hub": "timm/resnet50x16_clip.openai",
        "size": 1164e6,
    },
    # Those whose text towers 3D encoders were trained with (see `point_backbones.py`).
    "vit_l_14": {
        "model": "ViT-L-14",
        "pretrained": "openai",
        "hub": "timm/vit_large_patch14_clip_224.openai",
        "size": 1711e6,
    },
    "vit_bigg_14": {
        "model": "ViT-bigG-14",
        "pretrained": "laion2b_s39b_b160k",
        "hub": "laion/CLIP-ViT-bigG-14-laion2B-39B-b160k",
        **LATER,
        "size": 10158e6,
    },
    "eva02_e_14_plus": {
        "model": "EVA02-E-14-plus",
        "pretrained": "laion2b_s9b_b144k",
        "hub": "timm/eva02_enormous_patch14_plus_clip_224.laion2b_s9b_b144k",
        **LATER,
        "size": 20179e6,
    },
    # Stronger ones, small and large.
    "dfn_b_16": {
        "model": "ViT-B-16-quickgelu",
        "pretrained": "dfn2b",
        "hub": "apple/DFN2B-CLIP-ViT-B-16",
        **LATER,
        "size": 598e6,
    },
    "dfn_h_14": {
        "model": "ViT-H-14-quickgelu",
        "pretrained": "dfn5b",
        "hub": "apple/DFN5B-CLIP-ViT-H-14",
        **LATER,
        "size": 3944e6,
    },
    "datacomp_l_14": {
        "model": "ViT-L-14",
        "pretrained": "datacomp_xl_s13b_b90k",
        "hub": "laion/CLIP-ViT-L-14-DataComp.XL-s13B-b90K",
        **LATER,
        "size": 1710e6,
    },
    "pe_core_b_16": {
        "model": "PE-Core-B-16",
        "pretrained": "meta",
        "hub": "timm/PE-Core-B-16",
        **LATER,
        "size": 1791e6,
    },
    "siglip2_b_16": {
        "model": "ViT-B-16-SigLIP2",
        "pretrained": "webli",
        "hub": "timm/ViT-B-16-SigLIP2",
        **LATER,
        "size": 1501e6,
    },
    "siglip2_so400m_14": {
        "model": "ViT-SO400M-14-SigLIP2-378",
        "pretrained": "webli",
        "hub": "timm/ViT-SO400M-14-SigLIP2-378",
        **LATER,
        "size": 4544e6,
    },
}
DEFAULTS: dict[str, Any] = {
    "pretrained": None,  # open_clip's tag
    "model_config": None,  # an open_clip model JSON, for an architecture that it does not know
    "hub": None,  # the repository that holds these weights, if open_clip does not know it
    "weights": None,  # a local checkpoint, instead of the tag's
    "weights_dir": None,
    "quick_gelu": None,  # as the tag says
    "mean_std": "none",
    "polarity": "as_is",
    "precision": "auto",
    "batch": None,  # images encoded at once; 256 on a GPU and 32 on a CPU, if not given
    "prompts": "v1_zero_shot",
    "sha256": None,
    "size": None,
}
CHOICES = {
    "mean_std": ("none", "clip", "imagenet", "openclip"),
    "polarity": ("as_is", "invert"),
    "precision": ("auto", "fp32", "fp16", "bf16"),
}


def resolve_backbone(backbone: str | Mapping[str, Any]) -> dict[str, Any]:
    """All settings of a built-in backbone, or of an entry that may build on one by `base`.

    With a `network` it is a 3D encoder, with a `module` of the user's, with a `model` open_clip's.

    Raises:
        UserError: for an unknown backbone, key or value.
    """
    if isinstance(backbone, str):
        backbone = {"base": backbone}
    entry = dict(backbone)
    base = entry.pop("base", None)
    inherited: dict[str, Any] = {}
    if base is not None:
        known = BACKBONES | POINT_BACKBONES
        inherited = {"name": base, **known[choose(str(base), known, "backbone")]}
    full = {**inherited, **entry}
    kind = "network" if reads_points(full) else "module" if "module" in full else "model"
    defaults = POINT_DEFAULTS if reads_points(full) else DEFAULTS
    if kind not in full:
        raise UserError(f"The backbone entry {entry} has no 'model', 'module', 'network' or base.")
    if unknown := set(full) - set(defaults) - {"name", kind, "description"}:
        allowed = ", ".join(sorted({"base", kind, *defaults}))
        raise UserError(f"Unknown key '{min(unknown)}' in a backbone entry: allowed are {allowed}.")
    full = {**defaults, **full}
    full.setdefault("name", full[kind])
    for key, allowed_values in (POINT_CHOICES if reads_points(full) else CHOICES).items():
        if not (key == "mean_std" and isinstance(full[key], Mapping)):
            choose(str(full[key]), allowed_values, f"{key} of backbone '{full['name']}'")
    return full


def reads_points(entry: Mapping[str, Any]) -> bool:
    """Whether a backbone is a 3D encoder: it reads points, and no projection renders them."""
    return "network" in entry


def weights_name(entry: Mapping[str, Any]) -> str:
    """The name under which a backbone's weights lie: variants of a built-in one share them."""
    if reads_points(entry):
        same = (entry["network"], entry["hub"], entry["file"])
        for name, known in POINT_BACKBONES.items():
            if same == (known["network"], known.get("hub"), known.get("file")):
                return name
        return str(entry["name"])
    for name, known in BACKBONES.items():
        wanted = (known["model"], known.get("pretrained"))
        if (entry["model"], entry["pretrained"]) == wanted and entry["pretrained"]:
            return name
    return str(entry["name"])
