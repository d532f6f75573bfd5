"""Stable Diffusion and ControlNet with the classes and blocks of the real ones, but few channels
and random weights, saved as local checkpoints in the layouts of the real ones."""

import json
from pathlib import Path

import torch


CHANNELS = (16, 16, 32, 32)
TEXT = 24


def save_stable_diffusion(folder: Path, seed: int = 0) -> Path:
    """A folder in diffusers' layout; decoder blocks 1-12 have 32, 32, 16, 16 channels by threes."""
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel

    tokens = _save_tokenizer(folder / "tokenizer")
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        unet = UNet2DConditionModel(
            sample_size=8,
            block_out_channels=CHANNELS,
            cross_attention_dim=TEXT,
            attention_head_dim=1,  # heads, in spite of its name
            norm_num_groups=4,
        )
        vae = AutoencoderKL(
            block_out_channels=(8, 8, 16, 16),
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            layers_per_block=1,
            norm_num_groups=4,
        )
        text_encoder = CLIPTextModel(
            CLIPTextConfig(
                vocab_size=tokens,
                bos_token_id=tokens - 2,
                eos_token_id=tokens - 1,
                hidden_size=TEXT,
                intermediate_size=32,
                num_hidden_layers=2,
                num_attention_heads=2,
                max_position_embeddings=77,
            )
        )
    for name, network in (("unet", unet), ("vae", vae), ("text_encoder", text_encoder)):
        network.save_pretrained(folder / name)
    return folder


def make_controlnet(seed: int = 1):
    """Random also where a ControlNet begins at zero, so that it controls something."""
    from diffusers import ControlNetModel

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = ControlNetModel(
            block_out_channels=CHANNELS,
            cross_attention_dim=TEXT,
            attention_head_dim=1,  # heads, in spite of its name
            norm_num_groups=4,
        )
        for parameter in network.parameters():
            if not parameter.any():
                torch.nn.init.normal_(parameter, std=0.05)
    return network


def original_layout(state: dict) -> dict:
    """A ControlNet's state dict under the names of the original release (LDM), with its prefix."""
    inner = {
        "norm1": "in_layers.0",
        "conv1": "in_layers.2",
        "time_emb_proj": "emb_layers.1",
        "norm2": "out_layers.0",
        "conv2": "out_layers.3",
        "conv_shortcut": "skip_connection",
    }
    middle = {"resnets.0": "0", "attentions.0": "1", "resnets.1": "2"}
    renamed = {}
    for key, value in state.items():
        part, *rest = key.split(".")
        if part == "time_embedding":
            new = f"time_embed.{0 if rest[0] == 'linear_1' else 2}"
        elif part == "conv_in":
            new, rest = "input_blocks.0.0", ["", *rest]
        elif part == "controlnet_cond_embedding":
            number = 2 + 2 * int(rest[1]) if rest[0] == "blocks" else 14 * (rest[0] == "conv_out")
            new, rest = f"input_hint_block.{number}", rest[rest[0] == "blocks" :]
        elif part == "controlnet_down_blocks":
            new = f"zero_convs.{rest[0]}.0"
        elif part == "controlnet_mid_block":
            new, rest = "middle_block_out.0", ["", *rest]
        elif part == "mid_block":
            new, rest = f"middle_block.{middle['.'.join(rest[:2])]}", rest[1:]
        else:
            block, kind, index = int(rest[0]), rest[1], int(rest[2])
            number = 3 * block + (3 if kind == "downsamplers" else 1 + index)
            new = f"input_blocks.{number}.{1 if kind == 'attentions' else 0}"
            rest = rest[2:]
            if kind == "downsamplers":
                rest = ["", "op", *rest[2:]]
        rest = [name if "attentions" in key else inner.get(name, name) for name in rest[1:]]
        renamed[f"control_model.{'.'.join([new, *rest])}"] = value
    return renamed


def _save_tokenizer(folder: Path) -> int:
    """CLIP's byte-pair tokenizer with the letters alone; returns the number of its tokens."""
    letters = [chr(code) for code in range(33, 127)]
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    folder.mkdir(parents=True)
    vocabulary = {word: index for index, word in enumerate(words)}
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    config = {"model_max_length": 77, "pad_token": "<|endoftext|>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    return len(words)
