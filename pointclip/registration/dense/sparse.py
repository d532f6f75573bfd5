"""Sparse 3D convolution in plain torch, as MinkowskiEngine 0.5.4 computes it.

It is a sum over the kernel's offsets of gather, matrix product and scatter, here over the pairs of
voxels that lie one offset apart. The flat kernel index runs fastest along x (measured on
MinkowskiEngine itself).
"""

from collections.abc import Iterator

import torch
from jaxtyping import Float, Int, Int64
from torch import Tensor, nn

from pointclip.core.errors import UserError


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
