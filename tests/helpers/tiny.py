"""A CLIP of a few thousand random weights, and what else is small enough for every test."""

import json
from pathlib import Path

import torch


def tiny_backbone(
    folder: Path, image_size: int = 32, seed: int = 0, embed_dim: int = 16, **entry
) -> dict:
    """Write a random checkpoint of a tiny architecture and return the entry that names it."""
    import open_clip

    config = {
        "embed_dim": embed_dim,
        "vision_cfg": {"image_size": image_size, "layers": 1, "width": 64, "patch_size": 8},
        "text_cfg": {"context_length": 32, "width": 64, "heads": 1, "layers": 1},
    }
    folder.mkdir(parents=True, exist_ok=True)
    # open_clip knows a model by the name of its file, one a name.
    path = folder / (f"tiny{image_size}.json" if embed_dim == 16 else f"tiny{embed_dim}d.json")
    path.write_text(json.dumps(config))
    open_clip.add_model_config(path)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = open_clip.create_model(path.stem, load_weights=False)
    weights = folder / f"tiny{image_size}_{seed}.safetensors"
    save_model(model, weights)
    return {
        "name": "tiny",
        "model": path.stem,
        "model_config": str(path),
        "weights": str(weights),
        **entry,
    }


def save_model(model, path: Path) -> None:
    from safetensors.torch import save_file

    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, path)
