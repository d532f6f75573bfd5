"""By their formulas; `test_networks.py` compares whole networks with the released ones."""

import math

import torch
from torch import nn

from pointclip.encoders.point.layers import (
    Attention,
    Block,
    GroupEncoder,
    Mlp,
    SwiGlu,
    in_parts,
    with_norm,
)


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def filled(network):
    """With weights, and running means and variances, that are all different."""
    generator = torch.Generator().manual_seed(1)
    for values in network.state_dict().values():
        if values.is_floating_point():
            values.copy_(0.1 + 0.5 * torch.rand(values.shape, generator=generator))
    return network.eval()


@torch.no_grad()
def test_each_head_averages_values_by_the_softmax_of_scaled_products():
    attention = filled(Attention(width=6, heads=2, head_size=3, qkv_bias=True))
    x = drawn(1, 4, 6)
    q, k, v = attention.qkv(x)[0].split(6, dim=1)
    heads = [
        (q[:, own] @ k[:, own].T / math.sqrt(3)).softmax(1) @ v[:, own]
        for own in (slice(0, 3), slice(3, 6))
    ]
    torch.testing.assert_close(attention(x)[0], attention.proj(torch.cat(heads, 1)))


@torch.no_grad()
def test_the_first_half_of_a_swiglu_is_the_gate():
    network = filled(SwiGlu(2, 3, norm=False, eps=1e-6))
    x = drawn(5, 2)
    gate = x @ network.fc1.weight[:3].T + network.fc1.bias[:3]
    value = x @ network.fc1.weight[3:].T + network.fc1.bias[3:]
    torch.testing.assert_close(network(x), network.fc2(gate * gate.sigmoid() * value))


@torch.no_grad()
def test_the_norm_of_a_swiglu_stands_before_its_last_layer():
    network = SwiGlu(2, 3, norm=True, eps=1e-6)
    seen = []
    network.fc2.register_forward_hook(lambda _, given, __: seen.append(given[0]))
    network(drawn(5, 2))
    torch.testing.assert_close(seen[0].mean(1), torch.zeros(5), atol=1e-5, rtol=0)


@torch.no_grad()
def test_a_block_whose_last_layers_are_zero_changes_nothing():
    block = filled(Block(6, Attention(6, 2, 3, False), Mlp(6, 8), 1e-6))
    x = drawn(2, 4, 6)
    assert not torch.allclose(block(x), x)
    for layer in (block.attn.proj, block.mlp.fc2):
        nn.init.zeros_(layer.weight)
        nn.init.zeros_(layer.bias)
    assert torch.equal(block(x), x)


@torch.no_grad()
def test_a_batch_norm_is_folded_into_the_layer_before_it():
    linear, norm = filled(nn.Linear(4, 3)), filled(nn.BatchNorm1d(3))
    x = drawn(7, 4)
    torch.testing.assert_close(nn.functional.linear(x, *with_norm(linear, norm)), norm(linear(x)))


@torch.no_grad()
def test_a_group_is_read_as_by_its_two_networks_with_the_maximum_before_each_point():
    network, groups = filled(GroupEncoder(8, 16)), drawn(3, 5, 6)
    each = network.first_conv(groups.reshape(15, 6)).reshape(3, 5, 256)
    most = each.amax(1, keepdim=True).expand_as(each)
    wide = torch.cat([most, each], -1)
    expected = network.second_conv(wide.reshape(15, 512)).reshape(3, 5, 8).amax(1)
    torch.testing.assert_close(network(groups), expected)


@torch.no_grad()
def test_the_order_of_the_points_of_a_group_does_not_matter():
    network, groups = filled(GroupEncoder(8, 16)), drawn(3, 5, 6)
    torch.testing.assert_close(network(groups.flip(1)), network(groups))


def test_parts_of_any_size_give_every_shape_its_own_groups():
    groups, sizes = drawn(3, 5, 4, 2), []

    class Sums(nn.Module):
        def forward(self, some):
            sizes.append(len(some))
            return some.sum(1)

    for part in (1, 4, 15, 99):
        torch.testing.assert_close(in_parts(Sums(), groups, part), groups.sum(2))
    assert sizes == [1] * 15 + [4, 4, 4, 3] + [15, 15]
