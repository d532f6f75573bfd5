"""The table of built-in 2D backbones, and the settings of any; light to import, for a Snakefile."""

from collections.abc import Mapping
from typing import Any

from pointclip.catalog.point_backbones import POINT_BACKBONES, POINT_CHOICES, POINT_DEFAULTS
from pointclip.core.errors import UserError, choose


# Id, open_clip's model and tag, repository on the hub, bytes.
_LATER = (
    (
        *("vit_bigg_14", "ViT-bigG-14", "laion2b_s39b_b160k"),
        *("laion/CLIP-ViT-bigG-14-laion2B-39B-b160k", 10158e6),
    ),
    (
        *("eva02_e_14_plus", "EVA02-E-14-plus", "laion2b_s9b_b144k"),
        *("timm/eva02_enormous_patch14_plus_clip_224.laion2b_s9b_b144k", 20179e6),
    ),
    ("dfn_b_16", "ViT-B-16-quickgelu", "dfn2b", "apple/DFN2B-CLIP-ViT-B-16", 598e6),
    ("dfn_h_14", "ViT-H-14-quickgelu", "dfn5b", "apple/DFN5B-CLIP-ViT-H-14", 3944e6),
    (
        *("datacomp_l_14", "ViT-L-14", "datacomp_xl_s13b_b90k"),
        *("laion/CLIP-ViT-L-14-DataComp.XL-s13B-b90K", 1710e6),
    ),
    ("pe_core_b_16", "PE-Core-B-16", "meta", "timm/PE-Core-B-16", 1791e6),
    ("siglip2_b_16", "ViT-B-16-SigLIP2", "webli", "timm/ViT-B-16-SigLIP2", 1501e6),
    (
        *("siglip2_so400m_14", "ViT-SO400M-14-SigLIP2-378", "webli"),
        *("timm/ViT-SO400M-14-SigLIP2-378", 4544e6),
    ),
)
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
    # The six of PointCLIP. The release feeds depth without CLIP's mean and std, so do these. The
    # seventh is there for its text tower, as are the next two: 3D encoders were trained with them
    # (see `point_backbones.py`).
    **{
        name: {"model": model, "pretrained": "openai", "hub": f"timm/{hub}.openai", "size": size}
        for name, model, hub, size in (
            ("rn50", "RN50", "resnet50_clip", 408e6),
            ("rn101", "RN101", "resnet101_clip", 479e6),
            ("vit_b_32", "ViT-B-32", "vit_base_patch32_clip_224", 605e6),
            ("vit_b_16", "ViT-B-16", "vit_base_patch16_clip_224", 598e6),
            ("rn50x4", "RN50x4", "resnet50x4_clip", 713e6),
            ("rn50x16", "RN50x16", "resnet50x16_clip", 1164e6),
            ("vit_l_14", "ViT-L-14", "vit_large_patch14_clip_224", 1711e6),
        )
    },
    # The others are stronger ones of later years, small and large. Their depth is normalised as
    # their photos were.
    **{
        name: {
            **{"model": model, "pretrained": tag, "hub": hub},
            **{"mean_std": "openclip", "prompts": "depth_templates", "size": size},
        }
        for name, model, tag, hub, size in _LATER
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
