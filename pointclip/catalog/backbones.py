"""The table of built-in backbones; light to import, so that a Snakefile can read it."""

from collections.abc import Mapping
from typing import Any

from pointclip.core.errors import UserError, choose


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
    # Stronger ones of later years, small and large. Their depth is normalised as their photos were.
    "dfn_b_16": {
        "model": "ViT-B-16-quickgelu",
        "pretrained": "dfn2b",
        "hub": "apple/DFN2B-CLIP-ViT-B-16",
        "mean_std": "openclip",
        "prompts": "depth_templates",
        "size": 598e6,
    },
    "dfn_h_14": {
        "model": "ViT-H-14-quickgelu",
        "pretrained": "dfn5b",
        "hub": "apple/DFN5B-CLIP-ViT-H-14",
        "mean_std": "openclip",
        "prompts": "depth_templates",
        "size": 3944e6,
    },
    "datacomp_l_14": {
        "model": "ViT-L-14",
        "pretrained": "datacomp_xl_s13b_b90k",
        "hub": "laion/CLIP-ViT-L-14-DataComp.XL-s13B-b90K",
        "mean_std": "openclip",
        "prompts": "depth_templates",
        "size": 1710e6,
    },
    "pe_core_b_16": {
        "model": "PE-Core-B-16",
        "pretrained": "meta",
        "hub": "timm/PE-Core-B-16",
        "mean_std": "openclip",
        "prompts": "depth_templates",
        "size": 1791e6,
    },
    "siglip2_b_16": {
        "model": "ViT-B-16-SigLIP2",
        "pretrained": "webli",
        "hub": "timm/ViT-B-16-SigLIP2",
        "mean_std": "openclip",
        "prompts": "depth_templates",
        "size": 1501e6,
    },
    "siglip2_so400m_14": {
        "model": "ViT-SO400M-14-SigLIP2-378",
        "pretrained": "webli",
        "hub": "timm/ViT-SO400M-14-SigLIP2-378",
        "mean_std": "openclip",
        "prompts": "depth_templates",
        "size": 4544e6,
    },
}
# sha256 of the TorchScript files that OpenAI published; open_clip has them in their URLs (a test
# compares). No other TorchScript is ever loaded.
OPENAI_CHECKSUMS = {
    "afeb0e10f9e5a86da6080e35cf09123aca3b358a0c3e3b6c78a7b63bc04b6762": "RN50",
    "8fa8567bab74a42d41c5915025a8e4538c3bdbe8804a470a72f30b0d94fab599": "RN101",
    "7e526bd135e493cef0776de27d5f42653e6b4c8bf9e0f653bb11773263205fdd": "RN50x4",
    "52378b407f34354e150460fe41077663dd5b39c54cd0bfd2b27167a4a06ec9aa": "RN50x16",
    "be1cfb55d75a9666199fb2206c106743da0f6468c9d327f3e0d0a543a9919d9c": "RN50x64",
    "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af": "ViT-B-32",
    "5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f": "ViT-B-16",
    "b8cca3fd41ae0c99ba7e8951adf17d267cdb84cd88be6f7c2e0eca1737a03836": "ViT-L-14",
    "3035c92b350959924f9f00213499208652fc7ea050643e8b385c2dac08641f02": "ViT-L-14-336px",
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

    Raises:
        UserError: for an unknown backbone, key or value.
    """
    if isinstance(backbone, str):
        backbone = {"base": backbone}
    entry = dict(backbone)
    base = entry.pop("base", None)
    inherited: dict[str, Any] = {}
    if base is not None:
        inherited = {"name": base, **BACKBONES[choose(str(base), BACKBONES, "backbone")]}
    full = {**DEFAULTS, **inherited, **entry}
    if "model" not in full:
        raise UserError(f"The backbone entry {entry} has neither 'model' nor 'base'.")
    if unknown := set(full) - set(DEFAULTS) - {"name", "model", "description"}:
        allowed = ", ".join(sorted({"base", "model", *DEFAULTS}))
        raise UserError(f"Unknown key '{min(unknown)}' in a backbone entry: allowed are {allowed}.")
    full.setdefault("name", full["model"])
    for key, allowed_values in CHOICES.items():
        if not (key == "mean_std" and isinstance(full[key], Mapping)):
            choose(str(full[key]), allowed_values, f"{key} of backbone '{full['name']}'")
    return full


def weights_name(entry: Mapping[str, Any]) -> str:
    """The name under which a backbone's weights lie: variants of a built-in one share them."""
    for name, known in BACKBONES.items():
        wanted = (known["model"], known.get("pretrained"))
        if (entry["model"], entry["pretrained"]) == wanted and entry["pretrained"]:
            return name
    return str(entry["name"])
