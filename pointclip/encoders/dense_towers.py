"""The cells of an image tower, of every kind of tower that open_clip has.

Towers that pool without class token (SigLIP2, PE, average pooling) pool each cell alone, so that
cells of all towers end where image features end.
"""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from pointclip.core.errors import UserError


def patch_side(tower: Any) -> int:
    """Side of a patch in pixels: the patch size of a ViT, the stride of a ResNet."""
    if hasattr(tower, "trunk"):
        trunk = tower.trunk
        if hasattr(trunk, "patch_embed"):
            return int(trunk.patch_embed.patch_size[0])
        return int(trunk.feature_info[-1]["reduction"])
    return int(tower.patch_size[0]) if hasattr(tower, "transformer") else 32


def encode_tower(
    tower: Any, images: Float[Tensor, "image 3 height width"], attention: str
) -> Float[Tensor, "image channel row column"]:
    """Features of the patches of images that are already normalised, by open_clip's bare tower.

    Raises:
        UserError: if the tower has no such features.
    """
    if hasattr(tower, "attnpool"):
        return _resnet(tower, images, attention)
    if hasattr(tower, "transformer"):
        return _vit(tower, images, attention)
    if hasattr(tower, "trunk") and hasattr(tower.trunk, "blocks"):
        return _timm_vit(tower, images, attention)
    if hasattr(tower, "trunk") and hasattr(tower.trunk, "feature_info"):
        return _timm_convolutional(tower, images, attention)
    raise UserError(f"an image tower of class {type(tower).__name__} gives no patch features.")


def _vit(
    tower: Any, images: Float[Tensor, "image 3 height width"], attention: str
) -> Float[Tensor, "image channel row column"]:
    """open_clip's own ViT: all tokens through its last norm and projection."""
    if tower.attn_pool is not None:
        raise UserError("a ViT of open_clip that pools by attention gives no patch features.")
    rows, columns = (side // patch_side(tower) for side in images.shape[-2:])
    positions = _resize_positions(tower.positional_embedding, tower.grid_size, (rows, columns))
    with _last_tokens(tower.transformer, tower.transformer.resblocks[-1], attention) as seen:
        torch.func.functional_call(tower, {"positional_embedding": positions}, (images,))
    cells = tower.ln_post(seen[0][:, -rows * columns :])
    if tower.proj is not None:
        cells = cells @ tower.proj
    return rearrange(cells, "image (row column) channel -> image channel row column", row=rows)


def _timm_vit(
    tower: Any, images: Float[Tensor, "image 3 height width"], attention: str
) -> Float[Tensor, "image channel row column"]:
    """timm's ViTs (SigLIP2, PE, EVA): each cell alone through the pooling and what follows it."""
    trunk = tower.trunk
    rows, columns = (side // patch_side(tower) for side in images.shape[-2:])
    if trunk.patch_embed.grid_size != (rows, columns):
        # A copy that shares all weights but the position embeddings.
        trunk = copy.deepcopy(trunk, {id(p): p for p in trunk.parameters()})
        trunk.set_input_size(img_size=tuple(images.shape[-2:]))
    with _last_tokens(trunk.norm, trunk.blocks[-1], attention) as seen:
        trunk.forward_features(images)
    cells = seen[0][:, -rows * columns :]
    if trunk.attn_pool is not None:
        alone = rearrange(cells, "image cell channel -> (image cell) 1 channel")
        cells = trunk.attn_pool(alone).unflatten(0, (len(images), -1))
    cells = tower.head(trunk.head(trunk.fc_norm(cells)))
    return rearrange(cells, "image (row column) channel -> image channel row column", row=rows)


def _timm_convolutional(
    tower: Any, images: Float[Tensor, "image 3 height width"], attention: str
) -> Float[Tensor, "image channel row column"]:
    """timm's convolutional towers: each cell of the last map through pooling and projection.

    With average pooling and a linear projection, the mean of the cells is the image's feature.
    """
    if attention == "maskclip":
        raise UserError(
            "a convolutional tower without attention has no 'maskclip' features: "
            "choose the attention 'ordinary'."
        )
    grid = tower.trunk.forward_features(images)
    rows, columns = grid.shape[-2:]
    alone = rearrange(grid, "image channel row column -> (image row column) channel 1 1")
    cells = tower.head(tower.trunk.forward_head(alone))
    return rearrange(
        cells,
        "(image row column) channel -> image channel row column",
        row=rows,
        column=columns,
    )


def _resnet(
    tower: Any, images: Float[Tensor, "image 3 height width"], attention: str
) -> Float[Tensor, "image channel row column"]:
    """CLIP's ResNet: its pooling asked from every cell, or its value and output maps alone."""
    grid = tower.layer4(tower.layer3(tower.layer2(tower.layer1(tower.stem(images)))))
    rows = grid.shape[-2]
    cells = rearrange(grid, "image channel row column -> image (row column) channel")
    pool = tower.attnpool
    if attention == "maskclip":
        cells = pool.c_proj(pool.v_proj(cells))
    else:
        side = round((len(pool.positional_embedding) - 1) ** 0.5)
        tokens = torch.cat([cells.mean(1, keepdim=True), cells], dim=1)
        tokens = tokens + _resize_positions(
            pool.positional_embedding, (side, side), (rows, grid.shape[-1])
        )
        cells = _attend_to_all(pool, tokens)[:, 1:]
    return rearrange(cells, "image (row column) channel -> image channel row column", row=rows)


def _attend_to_all(
    pool: Any, tokens: Float[Tensor, "image token channel"]
) -> Float[Tensor, "image token projected"]:
    """CLIP's attention pooling with every token as a query; token 0 gives the image's feature."""
    query, key, value = (
        rearrange(
            projection(tokens),
            "image token (head channel) -> image head token channel",
            head=pool.num_heads,
        )
        for projection in (pool.q_proj, pool.k_proj, pool.v_proj)
    )
    attended = F.scaled_dot_product_attention(query, key, value)
    return pool.c_proj(
        rearrange(attended, "image head token channel -> image token (head channel)")
    )


def _resize_positions(
    positions: Float[Tensor, "old_token channel"], old: tuple[int, int], new: tuple[int, int]
) -> Float[Tensor, "new_token channel"]:
    """Position embeddings of another grid, as open_clip resizes them when it loads weights."""
    if tuple(old) == tuple(new):
        return positions
    cells = old[0] * old[1]
    prefix, grid = positions[:-cells], positions[-cells:].float()
    grid = rearrange(grid, "(row column) channel -> 1 channel row column", row=old[0])
    grid = F.interpolate(grid, new, mode="bicubic", antialias=True, align_corners=False)
    grid = rearrange(grid, "1 channel row column -> (row column) channel")
    return torch.cat([prefix, grid.to(positions.dtype)])


@contextmanager
def _last_tokens(source: nn.Module, last_block: nn.Module, attention: str) -> Iterator[list]:
    """What `source` puts out while the block runs, the last block's attention being as chosen."""
    seen: list[Tensor] = []

    def mask_others(_: nn.Module, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
        tokens = args[0]
        count = tokens.shape[1]
        mask = torch.full((count, count), -torch.inf, dtype=tokens.dtype, device=tokens.device)
        return args, {**kwargs, "attn_mask": mask.fill_diagonal_(0)}

    hooks = [source.register_forward_hook(lambda _, __, output: seen.append(output))]
    if attention == "maskclip":
        hooks.append(last_block.register_forward_pre_hook(mask_others, with_kwargs=True))
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()
