"""Fully convolutional geometric features (FCGF): a sparse 3D U-Net, in plain torch.

Choy, Park, Koltun: Fully Convolutional Geometric Features, ICCV 2019. The network is the released
ResUNetBN2C; its checkpoints load by their own keys. MinkowskiEngine's sparse convolution is a sum
over the kernel of gather, matrix product and scatter: here over the pairs of voxels that lie one
kernel offset apart. The flat kernel index runs fastest along x (measured on MinkowskiEngine 0.5.4).
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int, Int64
from torch import Tensor, nn

from pointclip.core.errors import UserError


# Side of a voxel in metres, and side of the first kernel, by which one may check a checkpoint.
SETTINGS = {"3dmatch": {"voxel": 0.025, "kernel": 7}, "kitti": {"voxel": 0.3, "kernel": 5}}
BITS = 20  # of a coordinate in a key: three fit in 63 bits, with room for a neighbour's offset
MARGIN = 64  # voxels that stay free at each border, so that offsets never carry: 3 * 8 are needed
Pairs = tuple[int, Tensor, Tensor]


class Grid:
    """The occupied voxels of a cloud at strides 1, 2, 4 and 8, and which of them are neighbours.

    Voxels are held as integer keys in increasing order. A step in space is then one addition, and
    neighbours are found by binary search, on a CPU or a GPU.

    Raises:
        UserError: if the cloud is wider than 2^20 voxels.
    """

    def __init__(self, coordinates: Int[Tensor, "voxel 3"]) -> None:
        # A multiple of 8, so that rounding down to a stride is the same before and after.
        self.origin = coordinates.amin(0).long().div(8, rounding_mode="floor") * 8 - MARGIN
        moved = coordinates.long() - self.origin
        if moved.max() >= 2**BITS - MARGIN:
            width = int((coordinates.amax(0) - coordinates.amin(0)).max())
            raise UserError(
                f"The cloud is {width} voxels wide, more than the {2**BITS - 3 * MARGIN} that fit: "
                "use larger voxels, or leave out points that lie far away."
            )
        keys = _key(moved)
        self.order = keys.argsort()
        self.keys = {1: keys[self.order]}
        for stride in (2, 4, 8):
            coarse = self._unpack(self.keys[stride // 2]) & ~(stride - 1)
            self.keys[stride] = _key(coarse).unique()
        self._kept: dict[tuple[int, int], list[Pairs]] = {}

    def coordinates(self, stride: int) -> Int64[Tensor, "voxel 3"]:
        """Corners of the voxels of a stride, in the order of their features."""
        return self._unpack(self.keys[stride]) + self.origin

    def pairs(self, size: int, stride: int, next_stride: int) -> Iterator[Pairs]:
        """Flat kernel index, x fastest, and the rows of the finer and the coarser level that meet.

        Two voxels meet at an offset if fine = coarse + offset * stride. Pairs of the small kernels
        are kept, since several layers use them.
        """
        if size > 3:
            return self._search(size, stride, next_stride)
        if (stride, next_stride) not in self._kept:
            self._kept[stride, next_stride] = list(self._search(size, stride, next_stride))
        return iter(self._kept[stride, next_stride])

    def _search(self, size: int, stride: int, next_stride: int) -> Iterator[Pairs]:
        fine, coarse = self.keys[stride], self.keys[next_stride]
        side = torch.arange(size, device=fine.device) - size // 2
        steps = torch.cartesian_prod(side, side, side).flip(1) * stride
        last = len(steps) - 1
        for index, step in enumerate(_key(steps)):
            wanted = coarse + step
            row = torch.searchsorted(fine, wanted).clamp_(max=len(fine) - 1)
            met = (fine[row] == wanted).nonzero()[:, 0]
            yield index, row[met], met
            if stride == next_stride:
                # Within one level the opposite offset has the same pairs, the other way round.
                if 2 * index == last:
                    return
                yield last - index, met, row[met]

    @staticmethod
    def _unpack(keys: Int64[Tensor, " voxel"]) -> Int64[Tensor, "voxel 3"]:
        return torch.stack([(keys >> (BITS * axis)) & (2**BITS - 1) for axis in range(3)], dim=1)


def _key(coordinates: Int64[Tensor, "voxel 3"]) -> Int64[Tensor, " voxel"]:
    """One integer per voxel, or per step between voxels: x in the lowest bits."""
    x, y, z = coordinates.unbind(1)
    return x + (y << BITS) + (z << (2 * BITS))


class Convolution(nn.Module):
    """A sparse convolution; with kernel 1, a linear map. `up` reverses a strided one."""

    def __init__(
        self, inputs: int, outputs: int, size: int = 3, *, up: bool = False, bias: bool = False
    ) -> None:
        super().__init__()
        shape = (inputs, outputs) if size == 1 else (size**3, inputs, outputs)
        self.kernel = nn.Parameter(torch.zeros(shape))
        self.bias = nn.Parameter(torch.zeros(1, outputs)) if bias else None
        self.size, self.up = size, up

    def forward(
        self, features: Float[Tensor, "voxel input"], grid: Grid, stride: int, next_stride: int
    ) -> Float[Tensor, "next_voxel output"]:
        """From the voxels of one stride to those of the next: finer ones only if `up`."""
        if self.size == 1:
            result = features @ self.kernel
        else:
            fine, coarse = sorted((stride, next_stride))
            result = features.new_zeros(len(grid.keys[next_stride]), self.kernel.shape[-1])
            for index, *rows in grid.pairs(self.size, fine, coarse):
                source, target = reversed(rows) if self.up else rows
                # A target occurs once per offset, so the sum has a fixed order on a GPU too.
                result.index_add_(0, target, features[source] @ self.kernel[index])
        return result if self.bias is None else result + self.bias


class Norm(nn.Module):
    """Batch normalisation under the name that the checkpoints give it."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bn = nn.BatchNorm1d(channels, momentum=0.05)

    def forward(self, features: Float[Tensor, "voxel channel"]) -> Float[Tensor, "voxel channel"]:
        return self.bn(features)


class Block(nn.Module):
    """Two convolutions around which the input passes."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1, self.norm1 = Convolution(channels, channels), Norm(channels)
        self.conv2, self.norm2 = Convolution(channels, channels), Norm(channels)

    def forward(
        self, features: Float[Tensor, "voxel channel"], grid: Grid, stride: int
    ) -> Float[Tensor, "voxel channel"]:
        inner = F.relu(self.norm1(self.conv1(features, grid, stride, stride)))
        return F.relu(features + self.norm2(self.conv2(inner, grid, stride, stride)))


class ResUNetBN2C(nn.Module):
    """The released network: four levels down, three up, one feature per occupied voxel.

    Args:
        down: channels at strides 1, 2, 4, 8.
        up: channels after the layers conv4_tr, conv3_tr, conv2_tr, conv1_tr.
        outputs: channels of a feature.
        size: side of the first kernel (7 for 3DMatch, 5 for KITTI).
    """

    def __init__(
        self,
        down: Sequence[int] = (32, 64, 128, 256),
        up: Sequence[int] = (128, 64, 64, 64),
        outputs: int = 32,
        size: int = 7,
    ) -> None:
        super().__init__()
        one, two, four, eight = down
        up_four, up_two, up_one, last = up
        self.conv1, self.norm1, self.block1 = Convolution(1, one, size), Norm(one), Block(one)
        self.conv2, self.norm2, self.block2 = Convolution(one, two), Norm(two), Block(two)
        self.conv3, self.norm3, self.block3 = Convolution(two, four), Norm(four), Block(four)
        self.conv4, self.norm4, self.block4 = Convolution(four, eight), Norm(eight), Block(eight)
        self.conv4_tr = Convolution(eight, up_four, up=True)
        self.norm4_tr, self.block4_tr = Norm(up_four), Block(up_four)
        self.conv3_tr = Convolution(up_four + four, up_two, up=True)
        self.norm3_tr, self.block3_tr = Norm(up_two), Block(up_two)
        self.conv2_tr = Convolution(up_two + two, up_one, up=True)
        self.norm2_tr, self.block2_tr = Norm(up_one), Block(up_one)
        self.conv1_tr = Convolution(up_one + one, last, 1)
        self.final = Convolution(last, outputs, 1, bias=True)

    def forward(self, coordinates: Int[Tensor, "voxel 3"]) -> Float[Tensor, "voxel channel"]:
        """Unit features of the voxels at distinct integer coordinates, in their order."""
        grid = Grid(coordinates)
        level1 = self.final.kernel.new_ones(len(coordinates), 1)
        level1 = self.block1(self.norm1(self.conv1(level1, grid, 1, 1)), grid, 1)
        level2 = self.block2(self.norm2(self.conv2(level1, grid, 1, 2)), grid, 2)
        level4 = self.block3(self.norm3(self.conv3(level2, grid, 2, 4)), grid, 4)
        level8 = self.block4(self.norm4(self.conv4(level4, grid, 4, 8)), grid, 8)
        up = self.block4_tr(self.norm4_tr(self.conv4_tr(level8, grid, 8, 4)), grid, 4)
        up = torch.cat([up, level4], dim=1)
        up = self.block3_tr(self.norm3_tr(self.conv3_tr(up, grid, 4, 2)), grid, 2)
        up = torch.cat([up, level2], dim=1)
        up = self.block2_tr(self.norm2_tr(self.conv2_tr(up, grid, 2, 1)), grid, 1)
        up = F.relu(self.conv1_tr(torch.cat([up, level1], dim=1), grid, 1, 1))
        unit = F.normalize(self.final(up, grid, 1, 1), dim=1)
        features = torch.empty_like(unit)
        features[grid.order] = unit
        return features


def voxelise(
    points: Float[np.ndarray, "point 3"], voxel: float
) -> tuple[Int64[np.ndarray, " voxel"], Int64[np.ndarray, "voxel 3"]]:
    """The first point of every occupied voxel, in the order of the points, and its coordinates.

    Raises:
        UserError: if a point is not finite, or the voxels are no longer whole numbers.
    """
    scaled = np.floor(np.asarray(points, np.float64) / voxel)
    if not np.isfinite(scaled).all() or (np.abs(scaled) > 2**40).any():
        raise UserError(
            f"The cloud has points that are not finite or lie more than 2^40 voxels of {voxel} m "
            "away: leave them out."
        )
    coordinates = scaled.astype(np.int64)
    _, first = np.unique(coordinates, axis=0, return_index=True)
    first.sort()
    return first, coordinates[first]


@torch.inference_mode()
def encode_cloud(
    network: ResUNetBN2C, points: Float[np.ndarray, "point 3"], voxel: float
) -> tuple[Int64[np.ndarray, " voxel"], Float[np.ndarray, "voxel channel"]]:
    """Which points are kept, one a voxel, and the unit feature of each: float32.

    As released, the feature belongs to the kept point, not to the centre of its voxel.

    Raises:
        UserError: for points that cannot be voxelised.
    """
    kept, coordinates = voxelise(points, voxel)
    if not len(kept):
        return kept, np.empty((0, network.final.kernel.shape[1]), np.float32)
    device = network.final.kernel.device
    features = network(torch.from_numpy(coordinates).to(device))
    return kept, features.float().cpu().numpy()


def load_fcgf(path: str | Path, device: str | torch.device = "cpu") -> ResUNetBN2C:
    """A published checkpoint (.pth), or its state dict as safetensors; sizes are read from it.

    Raises:
        UserError: if the file is missing, damaged or another network's.
    """
    state = {k: v for k, v in _read_state(Path(path)).items() if isinstance(v, Tensor)}
    try:
        down = tuple(state[f"conv{level}.kernel"].shape[-1] for level in (1, 2, 3, 4))
        up = tuple(state[f"conv{level}_tr.kernel"].shape[-1] for level in (4, 3, 2, 1))
        size = round(state["conv1.kernel"].shape[0] ** (1 / 3))
        network = ResUNetBN2C(down, up, state["final.kernel"].shape[-1], size)
        missing, unexpected = network.load_state_dict(state, strict=False)
    except (KeyError, IndexError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"{path} holds no network ResUNetBN2C of FCGF: {reason}") from error
    # Counters of training steps, which evaluation does not read, may be left out.
    missing = [key for key in missing if not key.endswith("num_batches_tracked")]
    if wrong := [*missing, *unexpected]:
        raise UserError(
            f"{path} holds no network ResUNetBN2C of FCGF: its key '{wrong[0]}' is "
            f"{'missing' if missing else 'unknown'}."
        )
    return network.to(device).eval().requires_grad_(False)


def _read_state(path: Path) -> dict[str, Any]:
    """The state dict in a checkpoint, of which nothing but tensors and plain values is unpickled.

    The published files hold their training options as an EasyDict: it is read as a plain mapping.
    """
    if path.suffix == ".safetensors":
        from pointclip.core.store import read_tensors

        return read_tensors(path)[0]
    try:
        with torch.serialization.safe_globals([(OrderedDict, "easydict.EasyDict")]):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise UserError(f"{path} does not exist.") from error
    except Exception as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise UserError(f"{path} is no readable checkpoint: {reason}") from error
    state = content.get("state_dict", content) if isinstance(content, dict) else None
    if not isinstance(state, dict):
        raise UserError(f"{path} holds no state dict.")
    return state
