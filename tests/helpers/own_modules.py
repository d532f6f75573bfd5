"""Small modules as users write them: a method, a reader, a projection, a backbone."""

METHOD = '''"""Nearest class mean over all views."""
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class HyperParameters:
    power: float = 1.0


def fit(task, p):
    means = []
    for index, labels in zip(task.shot_index, task.labels):
        x = task.features[index].float().mean(1)
        means.append(torch.stack([x[labels == k].mean(0) for k in range(len(task.classes))]))
    yield {"means": p.power * torch.stack(means)}


def logits(state, features, prototypes, logit_scale):
    return torch.einsum("nc,skc->snk", features.float().mean(1), state["means"])
'''
READER = '''"""Arrays in one file a split."""
import numpy as np

from pointclip.data.readers.base import Chunk, Split


def read(entry, source, split):
    with np.load(source) as file:
        points, label = file[f"{split}_points"], file[f"{split}_label"]
    ids = [f"{split}{k}" for k in range(len(label))]
    return Split(["ball", "plate", "stick"], iter([Chunk(points, label, ids)]))
'''
PROJECTION = '''"""How many points fall on a pixel."""
import numpy as np

PARAMETERS = {"views": "ring-4", "size": 32, "gain": 0.1}


def render(points, rotations, parameters):
    size = parameters["size"]
    turned = np.einsum("vij,npj->nvpi", rotations, points)
    cells = ((turned[..., :2] + 1) / 2 * (size - 1)).round().astype(int).clip(0, size - 1)
    found = np.zeros((*cells.shape[:2], size, size), np.float32)
    n, v = np.ogrid[: len(cells), : cells.shape[1]]
    np.add.at(found, (n[..., None], v[..., None], cells[..., 0], cells[..., 1]), parameters["gain"])
    return found.clip(0, 1)
'''
BACKBONE = '''"""Sixteen random channels."""
import math
from types import SimpleNamespace

import torch


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        draw = torch.Generator().manual_seed(0)
        self.visual = SimpleNamespace(image_size=32)
        self.logit_scale = torch.nn.Parameter(torch.tensor(math.log(10.0)))
        self.image = torch.nn.Parameter(torch.randn(3 * 32 * 32, 16, generator=draw))
        self.text = torch.nn.Parameter(torch.randn(256, 16, generator=draw))

    def encode_image(self, images):
        return images.flatten(1) @ self.image

    def encode_text(self, tokens):
        return self.text[tokens].mean(1)


def tokenize(sentences):
    return torch.tensor([list(s.encode()[:8].ljust(8)) for s in sentences])


def load(entry):
    return Model(), tokenize
'''
ALL = {"method": METHOD, "reader": READER, "projection": PROJECTION, "backbone": BACKBONE}


def write_modules(folder):
    """Write all four, `my_method.py` and so on."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in ALL.items():
        (folder / f"my_{name}.py").write_text(text)
