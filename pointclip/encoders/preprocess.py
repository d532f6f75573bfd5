"""From a depth map at a projection's own resolution to the image that a CLIP takes.

A change of the resizing also changes `input_positions` in `segmentation/back_project.py` (a test
compares them); names of polarities and of mean and std are in `catalog/backbones.py` and
`config/schema.yaml`.
"""

from functools import lru_cache

import torch
import torch.nn.functional as F
from einops import einsum, repeat
from jaxtyping import Float
from torch import Tensor


MEAN_STD = {
    "none": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    "clip": ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)),
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
}


def to_input(
    depth: Float[Tensor, "image height width"], size: tuple[int, int], polarity: str = "as_is"
) -> Float[Tensor, "image 3 new_height new_width"]:
    """Resize depth maps to the input of a backbone and repeat them to three channels.

    Enlarging is bilinear with align_corners=True, as released. Shrinking is the mean over areas: a
    bilinear sample would lose two thirds of the dots of a sparse map. `invert` is 1 - depth, with
    depth cut to [0, 1] before.
    """
    images = depth.float()
    if polarity == "invert":
        images = 1 - images.clamp(0, 1)
    height, width = min(images.shape[-2], size[0]), min(images.shape[-1], size[1])
    if (height, width) != images.shape[-2:]:
        rows = shrinking(images.shape[-2], height, images.device)
        columns = shrinking(images.shape[-1], width, images.device)
        images = einsum(images, columns, "image row old, new old -> image row new")
        images = einsum(images, rows, "image old column, new old -> image new column")
    if (height, width) != size:
        images = F.interpolate(images[:, None], size, mode="bilinear", align_corners=True)[:, 0]
    return repeat(images, "image height width -> image 3 height width")


@lru_cache(maxsize=16)
def shrinking(old: int, new: int, device: torch.device) -> Float[Tensor, "{new} {old}"]:
    """How much each old pixel along a side covers of each new one; rows sum to one.

    (torch's mode="area" counts pixels twice where the sizes do not divide.)
    """
    edges = torch.arange(new + 1, dtype=torch.float64) * (old / new)
    pixel = torch.arange(old, dtype=torch.float64)
    covered = torch.minimum(edges[1:, None], pixel + 1) - torch.maximum(edges[:-1, None], pixel)
    covered = covered.clamp(min=0)
    return (covered / covered.sum(1, keepdim=True)).to(device, torch.float32)
