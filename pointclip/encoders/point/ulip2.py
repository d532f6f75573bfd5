"""ULIP-2's coloured PointBERT (Xue et al., CVPR 2024), as its release computes it (BSD-3)."""

import re
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from pointclip.encoders.point.layers import Attention, Block, Mlp
from pointclip.encoders.point.point_bert import PointBert


@dataclass(frozen=True)
class Ulip2Size:
    groups: int = 512
    group_points: int = 32
    group_width: int = 256
    width: int = 384
    depth: int = 18
    heads: int = 6
    hidden: int = 1536
    out: int = 1280


SIZES = {"ulip2": Ulip2Size()}


class Ulip2(PointBert):
    """Points and colours to a feature that is not normalised."""

    anchor = "point_encoder.reduce_dim.weight"
    ignored: tuple[str, ...] = ()

    def __init__(self, size: Ulip2Size) -> None:
        super().__init__(size)
        width = size.width
        self.reduce_dim = nn.Linear(size.group_width, width)
        self.blocks = nn.ModuleList(
            Block(
                width,
                Attention(width, size.heads, width // size.heads, qkv_bias=False),
                Mlp(width, size.hidden),
                eps=1e-5,
            )
            for _ in range(size.depth)
        )
        self.norm = nn.LayerNorm(width)
        self.pc_projection = nn.Parameter(torch.zeros(2 * width, size.out))

    def forward(
        self, points: Float[Tensor, "shape point 3"], colors: Float[Tensor, "shape point 3"]
    ) -> Float[Tensor, "shape channel"]:
        """Features of clouds in the unit sphere, colours in 0..1."""
        groups, places = self.encode_groups(points, colors)
        tokens = self.reduce_dim(groups)
        shapes = len(tokens)
        x = torch.cat([self.cls_token.expand(shapes, -1, -1), tokens], dim=1)
        places = torch.cat([self.cls_pos.expand(shapes, -1, -1), places], dim=1)
        for block in self.blocks:
            x = block(x + places)  # before every block, as released
        x = self.norm(x)
        return torch.cat([x[:, 0], x[:, 1:].amax(1)], dim=-1) @ self.pc_projection

    def published(self, key: str) -> list[str | None]:
        """The published name of a parameter."""
        if key == "pc_projection":
            return [key]
        return ["point_encoder." + re.sub(r"^blocks\.", "blocks.blocks.", key)]
