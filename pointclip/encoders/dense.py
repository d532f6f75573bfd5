"""A feature per patch of an image, in the space of the sentences: what a frozen CLIP says where.

Which of two attentions the last layer uses is the caller's choice (`dense_towers` applies it):

- `ordinary`: as trained. A cell holds what the layer collects from the whole image.
- `maskclip`: every cell attends to itself only (Zhou et al., Extract Free Dense Labels from CLIP,
  ECCV 2022), which keeps features local. ViT towers keep the residual and the MLP of that layer;
  a CLIP ResNet's last attention is its pooling, of which the value and output maps remain.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from pointclip.core.errors import UserError, choose
from pointclip.encoders.dense_towers import encode_tower, patch_side
from pointclip.encoders.encoder import Encoder


ATTENTIONS = ("ordinary", "maskclip")


@torch.inference_mode()
def encode_dense(
    encoder: Encoder,
    images: Float[Tensor, "image 3 height width"],
    attention: str = "ordinary",
) -> Float[Tensor, "image channel row column"]:
    """Features of the patches of images: float32, on the CPU, not normalised.

    Args:
        images: RGB in [0, 1] (or depth maps through `to_input`) at the size at which the tower is
            to see them; position embeddings are resized to it. Mean and std of the backbone's
            entry are applied here. Runs in batches that hold as many pixels as `encode_images`'s.
        attention: `ordinary` or `maskclip` (see the module).

    Returns:
        One row per `cell_size` pixels of the height, one column per `cell_size` of the width.

    Raises:
        UserError: if a side is no multiple of `cell_size`, or the tower has no such features.
    """
    choose(attention, ATTENTIONS, "attention")
    cell, (height, width) = cell_size(encoder), images.shape[-2:]
    if not height or not width or height % cell or width % cell:
        raise UserError(
            f"An image of {width}x{height} pixels cannot be cut into patches for backbone "
            f"'{encoder.name}': both sides must be multiples of {cell}."
        )
    if not len(images):
        return torch.empty(0, encoder.dim, height // cell, width // cell)
    own = encoder.image_size[0] * encoder.image_size[1]
    batch = max(1, encoder.batch * own // (height * width))
    return torch.cat([_encode(encoder, part, attention) for part in images.split(batch)])


def cell_size(encoder: Encoder) -> int:
    """Side of a patch in pixels: the patch size of a ViT, the stride of a ResNet."""
    return patch_side(encoder._model.visual)


def _encode(
    encoder: Encoder, images: Float[Tensor, "image 3 height width"], attention: str
) -> Float[Tensor, "image channel row column"]:
    images = (images.to(encoder.device) - encoder._mean) / encoder._std
    images = images.to(encoder.dtype).contiguous(memory_format=torch.channels_last)
    try:
        return encode_tower(encoder._model.visual, images, attention).float().cpu()
    except UserError as error:
        raise UserError(f"Backbone '{encoder.name}': {error}") from error
