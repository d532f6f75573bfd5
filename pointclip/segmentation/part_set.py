"""A split of a part set, and what was predicted for it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int, Integer

from pointclip.core.store import new_h5, open_h5


class PartSet(NamedTuple):
    """A split: points, class and id of every shape, and the parts of every class."""

    points: Float[np.ndarray, "shape point 3"]
    label: Int[np.ndarray, " shape"]
    id: np.ndarray
    parts: dict[str, list[str]]


def read_part_set(path: str | Path) -> PartSet:
    with open_h5(path) as f:
        parts = json.loads(f.attrs["parts"])
        return PartSet(f["points"][:], f["label"][:], f["id"].asstr()[:], parts)


def write_predicted(
    out: str | Path,
    test: PartSet,
    predicted: Integer[np.ndarray, "seed shape point"],
    seeds: Sequence[int],
    chosen: Mapping[str, Any],
) -> None:
    """Write the part of every point for every seed, and what was chosen on train shapes."""
    with new_h5(out, chosen=chosen) as f:
        f["id"] = np.array(list(test.id), dtype="S")
        f["seed"] = np.array(seeds, np.int64)
        f.create_dataset("predicted", data=predicted, compression="gzip")
