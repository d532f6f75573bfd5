"""Draw, for some classes, the views that score highest for the word, and the icons that lie nearest
to it."""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib
import numpy as np
import torch
import torch.nn.functional as F
from evaluate import prototypes_of, shapes_of

from pointclip.encoders.encoder import load_encoder
from pointclip.projection.projection import get_projection


matplotlib.use("Agg")
from matplotlib import pyplot as plt


EACH = 6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--targets", type=Path, required=True)
    parser.add_argument("--classes", default="chair,bed,car,lamp,bottle,cup,sofa,person")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    entry = {
        "name": "iconclip",
        "model": "iconclip",
        "model_config": str(options.weights.with_suffix(".json")),
        "weights": str(options.weights),
        "prompts": "iconclip",
    }
    encoder = load_encoder(entry, device="cpu")
    names = options.classes.split(",")
    words = prototypes_of(encoder, names, "iconclip")

    points, _, _ = shapes_of("furniture", "train")
    depth = get_projection("pointclip_v2")(torch.from_numpy(points).float()).flatten(0, 1)
    views = F.normalize(encoder.encode_images(depth), dim=-1) @ words.T

    targets = np.load(options.targets / "targets.npz")
    generator = np.random.default_rng(0)
    some = np.sort(generator.choice(np.unique(targets["icon"]), 12000, replace=False))
    ink = torch.from_numpy(np.load(options.images / "ink.npy", mmap_mode="r")[some]).float() / 255
    icons = (
        F.normalize(encoder.encode_images(1 - F.avg_pool2d(ink[:, None], 2)[:, 0]), dim=-1)
        @ words.T
    )

    figure, axes = plt.subplots(len(names), 2 * EACH, figsize=(2 * EACH, 1.08 * len(names)))
    for row, name in enumerate(names):
        pictures = [depth[i] for i in views[:, row].argsort(descending=True)[:EACH]]
        pictures += [1 - ink[i] for i in icons[:, row].argsort(descending=True)[:EACH]]
        for axis, picture in zip(axes[row], pictures, strict=True):
            axis.imshow(picture, cmap="gray", vmin=0, vmax=1)
            axis.set(xticks=[], yticks=[])
        axes[row, 0].set_ylabel(name)
    axes[0, 0].set_title("views of shapes nearest to the word", loc="left", fontsize=9)
    axes[0, EACH].set_title("icons nearest to the word", loc="left", fontsize=9)
    figure.tight_layout(pad=0.2)
    figure.savefig(options.out, dpi=80)


if __name__ == "__main__":
    main()
