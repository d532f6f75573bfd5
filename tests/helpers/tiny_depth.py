"""Networks for metric depth: the classes of the published ones, few channels, random weights."""

import json
from pathlib import Path

import torch


def save_depth_network(folder: Path, kind: str, seed: int = 0) -> Path:
    """A folder as from the hub; `kind` is zoe, zoe_nk, depth_anything, relative, depth_pro or
    depth_pro_no_fov."""
    makers = {
        "zoe": lambda: _zoe([{"n_bins": 8, "min_depth": 0.001, "max_depth": 10.0}]),
        "zoe_nk": lambda: _zoe(
            [
                {"name": "nyu", "n_bins": 8, "min_depth": 0.001, "max_depth": 10.0},
                {"name": "kitti", "n_bins": 8, "min_depth": 0.001, "max_depth": 80.0},
            ]
        ),
        "depth_anything": lambda: _depth_anything("metric"),
        "relative": lambda: _depth_anything("relative"),
        "depth_pro": lambda: _depth_pro(True),
        "depth_pro_no_fov": lambda: _depth_pro(False),
    }
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model, preprocessor = makers[kind]()
        for parameter in model.parameters():
            if parameter.ndim > 1:  # large enough for depth to differ from pixel to pixel
                torch.nn.init.normal_(parameter, std=0.15)
    model.save_pretrained(folder)
    if preprocessor:
        (folder / "preprocessor_config.json").write_text(json.dumps(preprocessor))
    return folder


def _zoe(bins: list[dict]):
    from transformers import BeitConfig, ZoeDepthConfig, ZoeDepthForDepthEstimation

    backbone = BeitConfig(
        image_size=64,
        patch_size=16,
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=4,
        num_attention_heads=2,
        out_features=["stage1", "stage2", "stage3", "stage4"],
        reshape_hidden_states=False,
        use_relative_position_bias=True,
    )
    two_heads = {
        "num_patch_transformer_layers": 4,
        "patch_transformer_hidden_size": 128,
        "patch_transformer_intermediate_size": 32,
        "patch_transformer_num_attention_heads": 2,
    }
    config = ZoeDepthConfig(
        backbone_config=backbone,
        neck_hidden_sizes=[8, 8, 16, 16],
        fusion_hidden_size=16,
        bottleneck_features=16,
        num_relative_features=8,
        num_attractors=[4, 2, 2, 1],
        bin_embedding_dim=16,
        bin_configurations=bins,
        **(two_heads if len(bins) > 1 else {}),
    )
    preprocessor = {
        "image_processor_type": "ZoeDepthImageProcessor",
        "size": {"height": 64, "width": 96},
    }
    return ZoeDepthForDepthEstimation(config), preprocessor


def _depth_anything(kind: str):
    from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation, Dinov2Config

    backbone = Dinov2Config(
        image_size=56,
        patch_size=14,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        out_features=["stage1", "stage2"],
        reshape_hidden_states=False,
    )
    config = DepthAnythingConfig(
        backbone_config=backbone,
        reassemble_hidden_size=16,
        reassemble_factors=[2, 1],
        neck_hidden_sizes=[8, 8],
        fusion_hidden_size=8,
        head_hidden_size=8,
        depth_estimation_type=kind,
        max_depth=20,
    )
    return DepthAnythingForDepthEstimation(config), None


def _depth_pro(field_of_view: bool):
    from transformers import DepthProConfig, DepthProForDepthEstimation

    encoder = {
        "model_type": "dinov2",
        "image_size": 16,
        "patch_size": 4,
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 16,
    }
    config = DepthProConfig(
        patch_size=16,
        fusion_hidden_size=8,
        intermediate_hook_ids=[1, 0],
        intermediate_feature_dims=[8, 8],
        scaled_images_ratios=[0.25, 0.5, 1],
        scaled_images_feature_dims=[8, 8, 8],
        image_model_config=dict(encoder),
        patch_model_config=dict(encoder),
        fov_model_config=dict(encoder),
        use_fov_model=field_of_view,
    )
    preprocessor = {
        "image_processor_type": "DepthProImageProcessor",
        "size": {"height": 64, "width": 64},
    }
    model = DepthProForDepthEstimation(config)
    # Inverse depths and angles of view that a camera may have.
    torch.nn.init.constant_(model.head.layers[-2].bias, 1.0)
    if field_of_view:
        torch.nn.init.constant_(model.fov_model.head.layers[-1].bias, 60.0)
    return model, preprocessor
