"""Patch features: of every built-in architecture, against the released tower, at other sizes."""

import logging
import warnings
import zlib

import numpy as np
import open_clip
import pytest
import torch
import torch.nn.functional as F
from places import GOLDEN

from pointclip.catalog.backbones import BACKBONES
from pointclip.core.errors import UserError
from pointclip.encoders.dense_towers import encode_tower


CELL = {
    "vit_l_14": 14,
    "vit_bigg_14": 14,
    "eva02_e_14_plus": 14,
    "vit_b_16": 16,
    "dfn_b_16": 16,
    "dfn_h_14": 14,
    "datacomp_l_14": 14,
} | {
    "pe_core_b_16": 16,
    "siglip2_b_16": 16,
    "siglip2_so400m_14": 14,
}


def make_tower(model: str, device: str = "cpu"):
    """An image tower of open_clip with random weights; those that begin at zero are random too."""
    logging.disable(logging.WARNING)
    with warnings.catch_warnings(), torch.device(device):
        warnings.simplefilter("ignore")
        made = open_clip.create_model(
            model, load_weights=False, pretrained_text=False, device=device
        ).visual.eval()
    logging.disable(logging.NOTSET)
    return made


def randomise(tower):
    """No zeros or ones left: what a test compares must depend on every weight."""
    generator = torch.Generator().manual_seed(0)
    for parameter in tower.parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        parameter.data = noise * 0.05 + (parameter.ndim == 1) * 0.5
    return tower.requires_grad_(False)


@pytest.fixture(scope="module", params=["ViT-B-16-SigLIP2", "PE-Core-B-16"])
def shallow_timm(request):
    """SigLIP2's and PE's towers with all but two layers taken out."""
    import timm

    trunk = timm.create_model(
        {
            "ViT-B-16-SigLIP2": "vit_base_patch16_siglip_224",
            "PE-Core-B-16": "vit_pe_core_base_patch16_224",
        }[request.param],
        depth=2,
        embed_dim=96,
        num_heads=4,
        img_size=64,
        num_classes=24 if request.param == "PE-Core-B-16" else 0,
    )
    tower = torch.nn.Module()
    tower.trunk, tower.head = trunk, torch.nn.Sequential()
    return randomise(tower).eval()


@pytest.fixture(scope="module")
def resnet():
    from open_clip.modified_resnet import ModifiedResNet

    tower = ModifiedResNet([1, 1, 1, 1], output_dim=24, heads=4, image_size=64, width=8)
    return randomise(tower).eval()


@pytest.mark.parametrize("name", sorted(set(BACKBONES) - {"iconclip"}))
def test_every_built_in_architecture_gives_a_grid_of_any_size(name):
    tower = make_tower(BACKBONES[name]["model"], "meta")
    cell = CELL.get(name, 32)
    images = torch.empty(2, 3, 6 * cell, 9 * cell, device="meta")
    config = open_clip.get_model_config(BACKBONES[name]["model"])
    for attention in ("ordinary", "maskclip"):
        with torch.inference_mode(), torch.device("meta"):
            grid = encode_tower(tower, images, attention)
        assert grid.shape == (2, config["embed_dim"], 6, 9)


@pytest.mark.parametrize("prefix", ["tower", "tower_wide"])
def test_a_vit_gives_the_features_of_the_releases(prefix):
    golden = np.load(GOLDEN / "partseg.npz")
    tower = open_clip.model.CLIP(
        embed_dim=24,
        vision_cfg=dict(image_size=32, layers=3, width=128, head_width=64, patch_size=8),
        text_cfg=dict(context_length=8, vocab_size=32, width=64, heads=1, layers=1),
        quick_gelu=True,
    )
    scale = 0.2 if prefix == "tower_wide" else 0.02
    for name, value in sorted(tower.state_dict().items()):
        made = np.random.default_rng(zlib.crc32(name.encode())).standard_normal(value.shape)
        unit = "ln_" in name and name.endswith("weight")
        value.copy_(torch.from_numpy(np.asarray(made * scale + unit, np.float32)))
    images = torch.from_numpy(golden["tower_image"]).float()
    for attention, key in (
        ("ordinary", "patch_features_v2"),
        ("maskclip", "value_features_maskclip"),
    ):
        with torch.inference_mode():
            grid = encode_tower(tower.visual.eval(), images, attention)
        wanted = torch.from_numpy(golden[f"{prefix}_{key}"]).float()
        found = grid.flatten(2).mT.reshape(wanted.shape)
        torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-4)


@torch.inference_mode()
def test_a_resnet_asks_its_pooling_from_every_cell(resnet):
    images = torch.rand(2, 3, 64, 64)
    grid = encode_tower(resnet, images, "ordinary")
    pool = resnet.attnpool
    maps = resnet.layer4(resnet.layer3(resnet.layer2(resnet.layer1(resnet.stem(images)))))
    tokens = maps.flatten(2).permute(2, 0, 1)
    tokens = torch.cat([tokens.mean(0, keepdim=True), tokens]) + pool.positional_embedding[:, None]
    attended, _ = F.multi_head_attention_forward(
        query=tokens,
        key=tokens,
        value=tokens,
        embed_dim_to_check=tokens.shape[-1],
        num_heads=pool.num_heads,
        q_proj_weight=pool.q_proj.weight,
        k_proj_weight=pool.k_proj.weight,
        v_proj_weight=pool.v_proj.weight,
        in_proj_weight=None,
        in_proj_bias=torch.cat([pool.q_proj.bias, pool.k_proj.bias, pool.v_proj.bias]),
        bias_k=None,
        bias_v=None,
        add_zero_attn=False,
        dropout_p=0.0,
        out_proj_weight=pool.c_proj.weight,
        out_proj_bias=pool.c_proj.bias,
        use_separate_proj_weight=True,
        training=False,
    )
    # The mean's token is the image's feature, so this is the released pooling.
    torch.testing.assert_close(attended[0], resnet(images))
    torch.testing.assert_close(grid.flatten(2).permute(2, 0, 1), attended[1:])


@torch.inference_mode()
def test_value_features_of_a_resnet_are_linear_in_the_cell(resnet):
    images = torch.rand(1, 3, 64, 96)
    grid = encode_tower(resnet, images, "maskclip")
    maps = resnet.layer4(resnet.layer3(resnet.layer2(resnet.layer1(resnet.stem(images)))))
    cell = resnet.attnpool.c_proj(resnet.attnpool.v_proj(maps[0, :, 1, 2]))
    torch.testing.assert_close(grid[0, :, 1, 2], cell)


@torch.inference_mode()
def test_timm_towers_pool_each_cell_alone(shallow_timm):
    trunk, images = shallow_timm.trunk, torch.rand(2, 3, 64, 64)
    grid = encode_tower(shallow_timm, images, "ordinary")
    tokens = trunk.forward_features(images)
    cell = trunk.forward_head(tokens[:, trunk.num_prefix_tokens + 6 :][:, :1])
    torch.testing.assert_close(grid[:, :, 1, 2], cell)


@torch.inference_mode()
def test_with_one_layer_maskclip_sees_its_own_patch_only(shallow_timm):
    import copy

    one = copy.deepcopy(shallow_timm)
    del one.trunk.blocks[0]
    images = torch.rand(1, 3, 64, 64)
    other = images.clone()
    other[:, :, :16, :16] = 0
    for attention, unchanged in (("maskclip", 15), ("ordinary", 0)):
        same = torch.isclose(
            encode_tower(one, images, attention), encode_tower(one, other, attention)
        ).all(1)
        assert same.sum() == unchanged
        assert not same[0, 0, 0]


@torch.inference_mode()
def test_another_size_leaves_the_tower_as_it_was(shallow_timm, resnet):
    for tower in (shallow_timm, resnet):
        before = {key: value.clone() for key, value in tower.state_dict().items()}
        images = torch.rand(1, 3, 64, 64)
        own = encode_tower(tower, images, "ordinary")
        assert encode_tower(tower, torch.rand(1, 3, 96, 128), "ordinary").shape[2:] in [
            (6, 8),
            (3, 4),
        ]
        assert torch.equal(encode_tower(tower, images, "ordinary"), own)
        assert all(torch.equal(before[key], value) for key, value in tower.state_dict().items())


def test_towers_without_patch_features_are_refused():
    with pytest.raises(UserError, match="class Identity gives no patch features"):
        encode_tower(torch.nn.Identity(), torch.rand(1, 3, 32, 32), "ordinary")
