"""The stage that segments by what a few labelled shapes of every class have taught."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from pointclip.core.errors import UserError
from pointclip.core.store import read_h5_rows
from pointclip.segmentation.back_project import fill_unseen
from pointclip.segmentation.few_shot_parts import PartProbe, fit_probe
from pointclip.segmentation.part_set import PartSet, write_predicted
from pointclip.segmentation.patches import Patches, with_patches


def few_shot(
    test: PartSet,
    test_patches: Sequence[str | Path],
    train: PartSet,
    train_patches: Sequence[str | Path],
    labels: str | Path,
    shots: Mapping[int, Sequence[str]],
    segmenter: Mapping[str, Any],
    out: str | Path,
) -> dict[int, dict[str, PartProbe]]:
    """Segment the test shapes by what a few labelled train shapes teach, for every seed.

    Args:
        labels: of the train split.
        shots: seed -> ids of its shots, of all classes.

    Returns:
        Seed -> class -> what was learned.
    """
    needed = sorted({name for ids in shots.values() for name in ids})
    features = {
        train.id[row]: point_features(segmenter["features"], shape)
        for row, shape in with_patches(train, train_patches, needed)
    }
    part = dict(zip(needed, read_h5_rows([labels], "part", needed), strict=True))
    of = dict(zip(train.id, train.label, strict=True))
    probes: dict[int, dict[str, PartProbe]] = {}
    for seed, ids in shots.items():
        probes[seed] = {}
        for label, name in enumerate(train.parts):
            own = list(dict.fromkeys(each for each in ids if of[each] == label))
            if label not in test.label:
                continue
            if not own:
                raise UserError(f"Class '{name}' has no train shape with parts to learn from.")
            probes[seed][name] = fit_probe(
                segmenter["method"],
                [features[each] for each in own],
                [part[each] for each in own],
                segmenter["c"],
                segmenter["points"],
                seed,
            )
    predicted = np.zeros((len(shots), *test.points.shape[:2]), np.uint8)
    for row, shape in with_patches(test, test_patches):
        name = list(test.parts)[test.label[row]]
        described = point_features(segmenter["features"], shape)
        seen = shape.seen_by_any() | (segmenter["features"] == "geometry")
        for index, seed in enumerate(shots):
            labelled = probes[seed][name](described)
            predicted[index, row] = fill_unseen(test.points[row], labelled, seen)
    write_predicted(out, test, predicted, list(shots), {})
    return probes


def point_features(kind: str, shape: Patches) -> Float[np.ndarray, "point channel"]:
    """Features of points: of the patches at unit length, of geometry alone, or both."""
    columns = []
    if kind in ("patch", "both"):
        found = shape.point_features()
        length = np.linalg.norm(found, axis=1, keepdims=True)
        columns.append(found / np.where(length > 0, length, 1))
    if kind in ("geometry", "both"):
        columns.append(shape.geometry)
    return np.concatenate(columns, axis=1)
