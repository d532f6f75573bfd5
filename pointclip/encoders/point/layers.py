"""What the three families share: transformer blocks and the network that reads a group.

Names of parameters are those of timm and Point-BERT, so that most keys of published files fit.
"""

from typing import Any

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F


class Attention(nn.Module):
    """Softmax attention with the scale head_size ** -0.5."""

    def __init__(self, width: int, heads: int, head_size: int, qkv_bias: bool) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * heads * head_size, bias=qkv_bias)
        self.proj = nn.Linear(heads * head_size, width)

    def forward(
        self, x: Float[Tensor, "shape token channel"]
    ) -> Float[Tensor, "shape token channel"]:
        layout = "shape token (part head channel) -> part shape head token channel"
        q, k, v = rearrange(self.qkv(x), layout, part=3, head=self.heads)
        x = F.scaled_dot_product_attention(q, k, v)
        return self.proj(rearrange(x, "shape head token channel -> shape token (head channel)"))


class Mlp(nn.Module):
    """fc2(gelu(fc1(x)))."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: Float[Tensor, "*token channel"]) -> Float[Tensor, "*token channel"]:
        return self.fc2(F.gelu(self.fc1(x)))


class SwiGlu(nn.Module):
    """fc2(norm(silu(gate) * value)); `fc1` computes the gate first, then the value."""

    def __init__(self, width: int, hidden: int, norm: bool, eps: float) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, 2 * hidden)
        self.norm = nn.LayerNorm(hidden, eps=eps) if norm else nn.Identity()
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: Float[Tensor, "*token channel"]) -> Float[Tensor, "*token channel"]:
        gate, value = self.fc1(x).chunk(2, dim=-1)
        return self.fc2(self.norm(F.silu(gate) * value))


class Block(nn.Module):
    """A transformer block with norms before attention and MLP."""

    def __init__(self, width: int, attn: Attention, mlp: nn.Module, eps: float) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=eps)
        self.attn = attn
        self.norm2 = nn.LayerNorm(width, eps=eps)
        self.mlp = mlp

    def forward(
        self, x: Float[Tensor, "shape token channel"]
    ) -> Float[Tensor, "shape token channel"]:
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


def with_norm(linear: Any, norm: Any) -> tuple[Float[Tensor, "out channel"], Float[Tensor, " out"]]:
    """Weight and bias of a linear layer with the batch norm behind it, in evaluation form."""
    factor = norm.weight * (norm.running_var + norm.eps).rsqrt()
    return linear.weight * factor[:, None], (linear.bias - norm.running_mean) * factor + norm.bias


class GroupEncoder(nn.Module):
    """Point-BERT's network of a group: two layers, the maximum beside each point, two layers more.

    Per point it reads the position relative to the group's centre, and the colour.
    """

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.first_conv = nn.Sequential(
            nn.Linear(6, 128), nn.BatchNorm1d(128), nn.ReLU(inplace=True), nn.Linear(128, 256)
        )
        self.second_conv = nn.Sequential(
            nn.Linear(512, hidden),
            nn.BatchNorm1d(hidden),
            nn.ReLU(inplace=True),
            nn.Linear(hidden, width),
        )

    def forward(self, groups: Float[Tensor, "group point 6"]) -> Float[Tensor, "group channel"]:
        first, norm, _, last = self.first_conv
        h = F.linear(groups, *with_norm(first, norm)).relu_()
        h = last(h)
        first, norm, _, last = self.second_conv
        weight, bias = with_norm(first, norm)
        # It reads [maximum, point]. The maximum's part is the same for all points of a group, and
        # so is computed once.
        of_maximum, of_point = weight.chunk(2, dim=1)
        h_max = F.linear(h.amax(1), of_maximum, bias)
        h = F.linear(h, of_point).add_(h_max[:, None]).relu_()
        return last(h).amax(1)


def in_parts(
    network: nn.Module, groups: Float[Tensor, "shape group point channel"], part: int
) -> Float[Tensor, "shape group out"]:
    """The features of all groups, `part` groups at a time: this bounds memory."""
    flat = rearrange(groups, "shape group point c -> (shape group) point c")
    features = torch.cat([network(some) for some in flat.split(part)])
    return rearrange(features, "(shape group) c -> shape group c", shape=len(groups))
