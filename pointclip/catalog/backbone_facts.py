"""What `pointclip models` says of 2D backbones beside their settings; 3D encoders have it there.

A licence stands here where it was read, and where it was not, nothing does. Accuracies are
zero-shot, top-1, as published; those of PointCLIP and V2 were chosen on test labels (protocol
`released`).
"""

_CLIP = "MIT (CLIP's repository)"
LICENSES = {
    "iconclip": "MIT",
    **dict.fromkeys(("rn50", "rn101", "rn50x4", "rn50x16"), _CLIP),
    **dict.fromkeys(("vit_b_32", "vit_b_16", "vit_l_14"), _CLIP),
}
EXPECTED = {
    "rn50": "20.2 on modelnet40 (PointCLIP, released)",
    "rn101": "46.3 on modelnet40 (PointCLIP V2, released)",
    "vit_b_32": "55.1 on modelnet40 (PointCLIP V2, released)",
    "vit_b_16": "64.3 on modelnet40 (PointCLIP V2, released)",
}
