"""The part of each point of a model, by the rules of `parts.tsv`.

A rule has a class, a model (empty: every model of the class), a regular expression and parts. The
expression is searched in `object|group|material|yA-B`, in small letters, where the face's separate
piece reaches from A % to B % of the model's height. A model's own rules come before its class's;
the first that matches decides. Parts are one name, `-` (a face without a name), or names with
heights between them, from below: `leg 0.42 seat 0.53 back`.
"""

import csv
import re
from pathlib import Path

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components


UNNAMED = "-"


def read_rules(path: Path) -> list[dict[str, str]]:
    """The rows of `parts.tsv`, in order."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def rules_of(rules: list[dict[str, str]], name: str, model: str) -> list[tuple[re.Pattern, str]]:
    """The rules that a model of class `name` follows: its own first."""
    mine = [rule for rule in rules if rule["class"] == name and rule["model"] in ("", model)]
    mine.sort(key=lambda rule: rule["model"] == "")
    return [(re.compile(rule["faces"]), rule["parts"]) for rule in mine]


def face_names(triangles: np.ndarray, names: np.ndarray) -> np.ndarray:
    """What a rule's expression is searched in, for each triangle (T,)."""
    low, high = triangles[..., 1].min(), triangles[..., 1].max()
    heights = (triangles[..., 1] - low) / max(high - low, 1e-12)
    piece = _pieces(triangles)
    bottom = np.full(piece.max() + 1, np.inf)
    top = np.full(piece.max() + 1, -np.inf)
    np.minimum.at(bottom, piece, heights.min(1))
    np.maximum.at(top, piece, heights.max(1))
    return np.array(
        [
            f"{'|'.join(name)}|y{100 * a:.0f}-{100 * b:.0f}".lower()
            for name, a, b in zip(names, bottom[piece], top[piece], strict=True)
        ]
    )


def _pieces(triangles: np.ndarray) -> np.ndarray:
    """The separate piece of each triangle (T,): triangles that share corners hang together."""
    size = np.ptp(triangles, axis=(0, 1)).max()
    grid = np.rint(triangles.reshape(-1, 3) / size * 1e5).astype(np.int64)
    _, corner = np.unique(grid, axis=0, return_inverse=True)
    corner = corner.reshape(-1, 3)
    count = corner.max() + 1
    first, second = corner[:, [0, 1]].ravel(), corner[:, [1, 2]].ravel()
    links = coo_matrix((np.ones(len(first), bool), (first, second)), shape=(count, count))
    return connected_components(links, directed=False)[1][corner[:, 0]]


def point_parts(
    names: np.ndarray, heights: np.ndarray, rules: list[tuple[re.Pattern, str]]
) -> np.ndarray:
    """The part of each point (N,), from its face's name and its height from 0 to 1."""
    parts = np.full(len(names), UNNAMED, dtype=object)
    for name in np.unique(names):
        said = next((said for pattern, said in rules if pattern.search(name)), UNNAMED)
        words = said.split()
        here = np.flatnonzero(names == name)
        step = np.searchsorted(np.array(words[1::2], float), heights[here], side="right")
        parts[here] = np.array(words[::2], dtype=object)[step]
    return parts
