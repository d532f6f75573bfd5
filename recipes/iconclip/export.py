"""Put the averaged image tower and the text tower into one open_clip checkpoint, float16, beside
its model config."""

from __future__ import annotations

import argparse
import hashlib
import logging
import math
import shutil
from pathlib import Path

import open_clip
import torch
from safetensors.torch import save_file


LENGTH = 10  # of OpenAI's picture features, in the mean


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--text", type=Path, required=True)
    parser.add_argument(
        "--out", type=Path, required=True, help="iconclip.safetensors; the config is put beside it"
    )
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    open_clip.add_model_config(options.model)
    model = open_clip.create_model(options.model.stem, load_weights=False)
    saved = torch.load(options.checkpoint, map_location="cpu", weights_only=True)
    model.visual.load_state_dict(saved["average"], strict=True)
    text = torch.load(options.text, weights_only=True)
    length = float(text.pop("picture_length"))
    model.load_state_dict(text, strict=False)
    with torch.no_grad():
        scale = saved["prototypes"]["scale"].exp().clamp(max=100.0)
        model.logit_scale.fill_(math.log(float(scale)))
        # No cosine changes. But what few-shot adapters learn with rates made for OpenAI's features
        # depends on the length: at 54, early on, the inter-view adapter learned next to nothing.
        model.visual.head.proj.weight.mul_(LENGTH / length)
    state = {
        name: (value.half() if value.is_floating_point() else value).contiguous()
        for name, value in model.state_dict().items()
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    partial = options.out.with_suffix(".partial")
    save_file(state, partial, metadata={"samples": str(saved["samples"]), "format": "pt"})
    partial.chmod(0o644)  # safetensors writes for the owner only
    partial.replace(options.out)
    target = options.out.parent / "iconclip.json"
    if options.model.resolve() != target.resolve():
        shutil.copyfile(options.model, target)
    digest = hashlib.sha256(options.out.read_bytes()).hexdigest()
    logging.info(
        "%s: %.2f MB, sha256 %s, %d samples",
        options.out.name,
        options.out.stat().st_size / 1e6,
        digest,
        saved["samples"],
    )


if __name__ == "__main__":
    main()
