"""Fully convolutional geometric features (FCGF): a sparse 3D U-Net, in plain torch.

Choy, Park, Koltun: Fully Convolutional Geometric Features, ICCV 2019. The network is the released
ResUNetBN2C; its checkpoints load by their own keys.
"""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int, Int64
from torch import Tensor, nn

from pointclip.core.errors import UserError
from pointclip.registration.dense.sparse import Convolution, Grid


# Side of a voxel in metres, and side of the first kernel, by which one may check a checkpoint.
SETTINGS = {"3dmatch": {"voxel": 0.025, "kernel": 7}, "kitti": {"voxel": 0.3, "kernel": 5}}


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
