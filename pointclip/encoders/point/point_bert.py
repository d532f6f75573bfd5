"""Point-BERT's way from points to tokens, which ULIP-2 and Uni3D share."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from pointclip.encoders.point.grouping import nearest_points, take
from pointclip.encoders.point.layers import GroupEncoder, in_parts
from pointclip.encoders.point.sampling import NEAR_ORIGIN, farthest_points


class PointBert(nn.Module):
    """Groups of near points, a feature of each and an embedding of its place; a class token."""

    def __init__(self, size: Any) -> None:
        super().__init__()
        self.size = size
        self.dim = size.out
        self.fewest_points = max(size.groups, size.group_points)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, size.width))
        self.cls_pos = nn.Parameter(torch.zeros(1, 1, size.width))
        self.encoder = GroupEncoder(size.group_width, hidden=512)
        self.pos_embed = nn.Sequential(nn.Linear(3, 128), nn.GELU(), nn.Linear(128, size.width))

    def encode_groups(
        self, points: Float[Tensor, "shape point 3"], colors: Float[Tensor, "shape point 3"]
    ) -> tuple[Float[Tensor, "shape group channel"], Float[Tensor, "shape group width"]]:
        """The features of the groups, and the embeddings of their centres."""
        centres = take(points, farthest_points(points, self.size.groups, NEAR_ORIGIN))
        index = nearest_points(points, centres, self.size.group_points)
        near = take(points, index) - centres[:, :, None]
        groups = torch.cat([near, take(colors, index)], dim=-1)
        return in_parts(self.encoder, groups, part=64), self.pos_embed(centres)
