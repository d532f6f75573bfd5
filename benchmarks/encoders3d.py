"""Speed and memory of the 3D encoders, beside plain code of the same formulas.

    python benchmarks/encoders3d.py [--threads 1] [--batch 4] [--device cpu] [networks …]

The plain code goes as the releases write it: squared distances as |a|² + |b|² - 2 a·b, all indices
sorted for the radius, 1x1 convolutions over all groups at once, the maximum repeated beside every
point, attention as a softmax of a matrix; farthest points in numpy in place of a CUDA extension.
Weights are random, and the two answers are compared. Each line is the best of several rounds, in
which the implementations take turns; CPU time of all threads counts, because a busy machine
disturbs it least.
"""

import argparse
import resource
import sys
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pointclip.encoders.point.networks import NETWORKS
from pointclip.encoders.point.openshape import OpenShape
from pointclip.encoders.point.sampling import farthest_points
from pointclip.encoders.point.ulip2 import Ulip2


def clouds(number: int, points: int = 10000) -> tuple[Tensor, Tensor]:
    """Boxes of random sizes: surfaces, as scans are."""
    generator = np.random.default_rng(0)
    p = generator.uniform(-1, 1, (number, points, 3))
    side = generator.integers(3, size=(number, points))
    np.put_along_axis(p, side[..., None], np.sign(generator.normal(size=side.shape))[..., None], 2)
    p *= generator.uniform(0.2, 1, (number, 1, 3))
    p /= np.linalg.norm(p, axis=-1).max(axis=1)[:, None, None]
    return tuple(torch.from_numpy(np.float32(a)) for a in (p, generator.random(p.shape)))


def random_network(name: str) -> nn.Module:
    family, size = NETWORKS[name]
    torch.manual_seed(0)
    network = family(size).eval().requires_grad_(False)
    for parameter in network.parameters():
        if not parameter.any():
            parameter.normal_(0, 0.02)
    return network


def numpy_farthest(points: np.ndarray, count: int) -> np.ndarray:
    x, y, z = np.ascontiguousarray(points.T)
    chosen = np.zeros(count, np.int64)
    distance = np.full(len(points), np.inf, np.float32)
    for i in range(1, count):
        dx, dy, dz = (axis - axis[chosen[i - 1]] for axis in (x, y, z))
        np.minimum(distance, (dx * dx + dy * dy) + dz * dz, out=distance)
        chosen[i] = distance.argmax()
    return chosen


def rows(values: Tensor, index: Tensor) -> Tensor:
    return torch.stack([v[i] for v, i in zip(values, index, strict=True)])


def plain(network: nn.Module, points: Tensor, colors: Tensor) -> Tensor:
    size = network.size
    index = [torch.from_numpy(numpy_farthest(p.numpy(), size.groups)) for p in points.cpu()]
    centres = rows(points, torch.stack(index).to(points.device))
    distance = (centres**2).sum(-1)[:, :, None] + (points**2).sum(-1)[:, None]
    distance -= 2 * centres @ points.transpose(1, 2)
    count = points.shape[1]
    if isinstance(network, OpenShape):
        index = torch.arange(count, device=points.device).repeat(*centres.shape[:2], 1)
        index[distance > size.radius**2] = count
        index = index.sort(-1).values[..., : size.group_points]
        index = torch.where(index == count, index[..., :1], index)
    else:
        index = distance.topk(size.group_points, largest=False, sorted=False).indices
    near = rows(points, index)
    parts = [near - centres[:, :, None], near, rows(colors, index)]
    if not isinstance(network, OpenShape):
        del parts[1]
    groups = torch.cat(parts, -1)
    if isinstance(network, OpenShape):
        h = groups.permute(0, 3, 2, 1)
        for linear, norm in zip(network.sa.mlp_convs, network.sa.mlp_bns, strict=True):
            h = F.conv2d(h, linear.weight[..., None, None], linear.bias)
            h = F.relu(batch_norm(h, norm))
        h = network.lift_norm(network.lift(torch.cat([centres, h.amax(2).transpose(1, 2)], -1)))
        x = torch.cat([network.cls_token.expand(len(h), 1, -1), h], 1)
        for block in network.blocks:
            x = transformer(block, x)
        return network.proj(x[:, 0])
    h = groups.flatten(0, 1).transpose(1, 2)
    h = layers(network.encoder.first_conv, h)
    h = torch.cat([h.amax(2, keepdim=True).expand_as(h), h], 1)
    h = layers(network.encoder.second_conv, h).amax(2).view(len(points), size.groups, -1)
    ulip = isinstance(network, Ulip2)
    h = (network.reduce_dim if ulip else network.encoder2trans)(h)
    place = torch.cat([network.cls_pos.expand(len(h), 1, -1), network.pos_embed(centres)], 1)
    x = torch.cat([network.cls_token.expand(len(h), 1, -1), h], 1)
    x = x if ulip else x + place
    for block in network.blocks:
        x = transformer(block, x + place if ulip else x)
    if ulip:
        x = network.norm(x)
        return torch.cat([x[:, 0], x[:, 1:].amax(1)], -1) @ network.pc_projection
    return network.trans2embed(network.fc_norm(x[:, 0]))


def batch_norm(h: Tensor, norm: nn.BatchNorm1d) -> Tensor:
    return F.batch_norm(h, norm.running_mean, norm.running_var, norm.weight, norm.bias)


def layers(four: nn.Sequential, h: Tensor) -> Tensor:
    first, norm, _, last = four
    h = F.relu(batch_norm(F.conv1d(h, first.weight[..., None], first.bias), norm))
    return F.conv1d(h, last.weight[..., None], last.bias)


def transformer(block: nn.Module, x: Tensor) -> Tensor:
    attention = block.attn
    shapes, tokens, _ = x.shape
    qkv = attention.qkv(block.norm1(x)).view(shapes, tokens, 3, attention.heads, -1)
    q, k, v = qkv.permute(2, 0, 3, 1, 4)
    weights = ((q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1)).softmax(-1)
    x = x + attention.proj((weights @ v).transpose(1, 2).flatten(2))
    return x + block.mlp(block.norm2(x))


def best(works: dict[str, Callable[[], object]], rounds: int, device: str) -> dict[str, float]:
    times = dict.fromkeys(works, np.inf)
    for _ in range(rounds):
        for name, work in works.items():
            clock = time.process_time if device == "cpu" else time.perf_counter
            start = clock()
            work()
            if device != "cpu":
                torch.cuda.synchronize()
            times[name] = min(times[name], clock() - start)
    return times


def memory(device: str) -> float:
    """MiB: of the GPU, or the most that the process has had."""
    if device == "cpu":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return torch.cuda.max_memory_allocated() / 2**20


@torch.inference_mode()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", nargs="*", default=["openshape_b32", "openshape_g14", "ulip2"])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    device, out = options.device, sys.stdout.write
    points, colors = (a.to(device) for a in clouds(options.batch))
    for count in (64, 384, 512):
        cloud = points[:1]
        works = {
            "numpy": lambda count=count: numpy_farthest(points[0].cpu().numpy(), count),
            "ours": lambda count=count: farthest_points(points[:1], count),
        }
        ours = farthest_points(cloud, count)[0].cpu()
        assert np.array_equal(ours, numpy_farthest(cloud[0].cpu().numpy(), count))
        t = best(works, 2 * options.rounds, device)
        out(f"{count} of 10,000 points: {t['ours'] * 1e3:.2f} ms, {t['numpy'] / t['ours']:.0f}x\n")
    for name in options.networks:
        network = random_network(name).to(device)
        # Ours first, because the most memory that a process has had never falls.
        before = memory(device)
        ours = network(points, colors)
        ours_memory = memory(device) - before
        theirs = plain(network, points, colors)
        plain_memory = memory(device) - before
        difference = ((ours - theirs).abs().max() / theirs.abs().max()).item()
        t = best(
            {
                "ours": lambda network=network: network(points, colors),
                "plain": lambda network=network: plain(network, points, colors),
            },
            options.rounds,
            device,
        )
        rates = {k: options.batch / seconds for k, seconds in t.items()}
        out(
            f"{name}: {rates['ours']:.2f} clouds/s, plain {rates['plain']:.2f} "
            f"({rates['ours'] / rates['plain']:.2f}x); memory beyond weights for {options.batch} "
            f"clouds {ours_memory:.0f} MiB, plain {plain_memory:.0f} MiB; "
            f"difference {difference:.1e}\n"
        )
        del network


if __name__ == "__main__":
    main()
