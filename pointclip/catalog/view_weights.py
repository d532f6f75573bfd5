"""The view weights that PointCLIP V2 ships, which its authors found on test labels (SPEC §2.3)."""

# Data set -> backbone -> a weight for each view, in the order of `pointclip_v2`.
V2_VIEW_WEIGHTS: dict[str, dict[str, tuple[float, ...]]] = {
    "modelnet40": {
        "rn50": (0.75, 0.75, 0.75, 0.75, 0.25, 0.5, 1, 1, 0.25, 0.25),
        "rn101": (0.75, 0.75, 0.75, 0.25, 0.5, 1, 0.75, 0.25, 0.25, 0.25),
        "vit_b_32": (0.75, 0.75, 0.75, 0.75, 0.25, 0.5, 0.5, 0.75, 0.5, 0.5),
        "vit_b_16": (0.75, 0.75, 0.75, 0.25, 0.75, 1, 0.25, 1, 0.75, 0.25),
    },
    "scanobjectnn": {
        "rn50": (0.75, 0.75, 0.75, 1, 1, 1, 1, 1, 0.25, 0.25),
        "rn101": (0.5, 0.5, 0.5, 0.75, 0.5, 1, 1, 0.75, 0.25, 0.25),
        "vit_b_32": (0.5, 0.5, 0.5, 0.75, 0.5, 0.75, 0.5, 1, 0.5, 0.75),
        "vit_b_16": (0.75, 0.75, 0.75, 0.5, 0.5, 1, 0.75, 1, 0.25, 0.25),
    },
}
