"""Uni3D (Zhou et al., ICLR 2024), as its release computes it (MIT).

Its trunk is that of an EVA-02 image model, called without rotary embedding.
"""

import re
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from pointclip.encoders.point.layers import Attention, Block, Mlp, SwiGlu
from pointclip.encoders.point.point_bert import PointBert


EPS = 1e-6


@dataclass(frozen=True)
class Uni3DSize:
    width: int
    depth: int
    heads: int
    hidden: int
    mlp: str  # "swiglu", "swiglu_norm" or "gelu"
    split: bool  # whether q, k, v and the two halves of SwiGLU are matrices of their own in files
    groups: int = 512
    group_points: int = 64
    group_width: int = 512
    out: int = 1024


# timm's eva02_tiny_patch14_224, eva02_small_patch14_224, eva02_base_patch14_448,
# eva02_large_patch14_448 and eva_giant_patch14_560.
SIZES = {
    "uni3d_tiny": Uni3DSize(192, 12, 3, 512, "swiglu", split=False),
    "uni3d_small": Uni3DSize(384, 12, 6, 1024, "swiglu", split=False),
    "uni3d_base": Uni3DSize(768, 12, 12, 2048, "swiglu_norm", split=True),
    "uni3d_large": Uni3DSize(1024, 24, 16, 2730, "swiglu_norm", split=True),
    "uni3d_giant": Uni3DSize(1408, 40, 16, 6144, "gelu", split=False),
}


class Uni3D(PointBert):
    """Points and colours to a feature that is not normalised."""

    anchor = "point_encoder.encoder2trans.weight"
    # Of the image model: its files hold them, and nothing reads them.
    ignored = (
        "point_encoder.visual.cls_token",
        "point_encoder.visual.pos_embed",
        "point_encoder.visual.patch_embed.",
        "point_encoder.visual.head.",
    )

    def __init__(self, size: Uni3DSize) -> None:
        super().__init__(size)
        width = size.width
        self.encoder2trans = nn.Linear(size.group_width, width)
        self.blocks = nn.ModuleList(
            Block(
                width,
                Attention(width, size.heads, width // size.heads, qkv_bias=True),
                Mlp(width, size.hidden)
                if size.mlp == "gelu"
                else SwiGlu(width, size.hidden, size.mlp == "swiglu_norm", EPS),
                eps=EPS,
            )
            for _ in range(size.depth)
        )
        self.fc_norm = nn.LayerNorm(width, eps=EPS)
        self.trans2embed = nn.Linear(width, size.out)

    def forward(
        self, points: Float[Tensor, "shape point 3"], colors: Float[Tensor, "shape point 3"]
    ) -> Float[Tensor, "shape channel"]:
        """Features of clouds in the unit sphere, colours in 0..1."""
        groups, places = self.encode_groups(points, colors)
        x = self.encoder2trans(groups) + places
        first = (self.cls_token + self.cls_pos).expand(len(x), -1, -1)
        x = torch.cat([first, x], dim=1)
        for block in self.blocks:
            x = block(x)
        return self.trans2embed(self.fc_norm(x[:, 0]))

    def published(self, key: str) -> list[str | None]:
        """The published names of a parameter's parts in order; None for zeros."""
        key = re.sub(r"^(blocks|fc_norm)\.", r"visual.\1.", key)
        key = f"point_encoder.{key}"
        if self.size.split:
            if key.endswith("attn.qkv.weight"):
                return [key.replace("qkv", f"{part}_proj") for part in "qkv"]
            if key.endswith("attn.qkv.bias"):
                q, v = (key.replace("qkv", f"{part}_proj") for part in "qv")
                return [q, None, v]
            if ".mlp.fc1." in key:
                return [key.replace("fc1", "fc1_g"), key.replace("fc1", "fc1_x")]
        elif key.endswith("attn.qkv.bias"):
            stem = key.removesuffix("qkv.bias")
            return [f"{stem}q_bias", None, f"{stem}v_bias"]
        return [key]
