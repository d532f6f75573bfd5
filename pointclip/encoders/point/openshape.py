"""OpenShape's PointBERT (Liu et al., NeurIPS 2023), as its release computes it (Apache-2.0)."""

import re
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from pointclip.encoders.point.grouping import points_within, take
from pointclip.encoders.point.layers import Attention, Block, Mlp, in_parts, with_norm
from pointclip.encoders.point.sampling import farthest_points


@dataclass(frozen=True)
class OpenShapeSize:
    groups: int
    radius: float
    group_points: int
    group_widths: tuple[int, int, int]
    out: int | None  # width of the projection at the end; None for none
    hidden: int = 1024
    width: int = 512
    depth: int = 12
    heads: int = 8
    head_size: int = 64


# From the release: `scaling` 3 of the training code (B/32, L/14) and 4 (G/14).
SIZES = {
    "openshape_b32": OpenShapeSize(64, 0.4, 256, (64, 64, 128), None),
    "openshape_l14": OpenShapeSize(64, 0.4, 256, (64, 64, 128), 768),
    "openshape_g14": OpenShapeSize(384, 0.2, 64, (64, 64, 256), 1280, hidden=1536),
}


class GroupNet(nn.Module):
    """Three layers for each point of a group, then the maximum over the points."""

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        # Relative position, position, colour.
        inputs = (9, *widths[:-1])
        self.mlp_convs = nn.ModuleList(nn.Linear(i, o) for i, o in zip(inputs, widths, strict=True))
        self.mlp_bns = nn.ModuleList(nn.BatchNorm1d(o) for o in widths)

    def forward(self, groups: Float[Tensor, "group point 9"]) -> Float[Tensor, "group channel"]:
        h = groups
        for linear, norm in zip(self.mlp_convs, self.mlp_bns, strict=True):
            h = F.linear(h, *with_norm(linear, norm)).relu_()
        return h.amax(1)


class OpenShape(nn.Module):
    """Points and colours to a feature that is not normalised."""

    # A key of every published file, behind whatever prefix.
    anchor = "sa.mlp_convs.0.weight"
    ignored: tuple[str, ...] = ()

    def __init__(self, size: OpenShapeSize) -> None:
        super().__init__()
        self.size = size
        self.dim = size.out or size.width
        self.fewest_points = size.groups
        width = size.width
        self.cls_token = nn.Parameter(torch.zeros(width))
        self.sa = GroupNet(size.group_widths)
        self.lift = nn.Linear(3 + size.group_widths[-1], width)
        self.lift_norm = nn.LayerNorm(width)
        self.blocks = nn.ModuleList(
            Block(
                width,
                Attention(width, size.heads, size.head_size, qkv_bias=False),
                Mlp(width, size.hidden),
                eps=1e-5,
            )
            for _ in range(size.depth)
        )
        self.proj = nn.Identity() if size.out is None else nn.Linear(width, size.out)

    def forward(
        self, points: Float[Tensor, "shape point 3"], colors: Float[Tensor, "shape point 3"]
    ) -> Float[Tensor, "shape channel"]:
        """Features of clouds in the unit sphere, colours in 0..1."""
        size = self.size
        centres = take(points, farthest_points(points, size.groups))
        index = points_within(points, centres, size.radius, size.group_points)
        near = take(points, index)
        groups = torch.cat([near - centres[:, :, None], near, take(colors, index)], dim=-1)
        features = in_parts(self.sa, groups, part=64)
        # No position embedding: the place of a group enters here.
        tokens = self.lift_norm(self.lift(torch.cat([centres, features], dim=-1)))
        x = torch.cat([self.cls_token.expand(len(tokens), 1, -1), tokens], dim=1)
        for block in self.blocks:
            x = block(x)
        return self.proj(x[:, 0])

    def published(self, key: str) -> list[str | None]:
        """The published name of a parameter."""
        for pattern, replacement in _RENAMED:
            key = re.sub(pattern, replacement, key)
        return [key]


_RENAMED = (
    (r"^lift\.", "lift.0."),
    (r"^lift_norm\.", "lift.2."),
    (r"^blocks\.(\d+)\.norm1\.", r"transformer.layers.\1.0.norm."),
    (r"^blocks\.(\d+)\.attn\.qkv\.", r"transformer.layers.\1.0.fn.to_qkv."),
    (r"^blocks\.(\d+)\.attn\.proj\.", r"transformer.layers.\1.0.fn.to_out.0."),
    (r"^blocks\.(\d+)\.norm2\.", r"transformer.layers.\1.1.norm."),
    (r"^blocks\.(\d+)\.mlp\.fc1\.", r"transformer.layers.\1.1.fn.net.0."),
    (r"^blocks\.(\d+)\.mlp\.fc2\.", r"transformer.layers.\1.1.fn.net.3."),
)
