"""The stage that segments by sentences: from patch features and words to parts."""

import logging
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int

from pointclip.core.errors import UserError
from pointclip.core.files import read_yaml
from pointclip.core.store import read_h5_rows
from pointclip.registration.dense.fpfh import fpfh
from pointclip.segmentation import geometry
from pointclip.segmentation.back_project import fill_unseen
from pointclip.segmentation.part_set import PartSet, write_predicted
from pointclip.segmentation.patches import Patches, with_patches
from pointclip.segmentation.regions import geometric_regions, kmeans_regions, region_features
from pointclip.segmentation.scores import shape_scores
from pointclip.segmentation.sentences import part_prototypes, released_prototypes


log = logging.getLogger(__name__)
Settings = Mapping[str, Any]
PatchFiles = Mapping[str, Sequence[str | Path]]
FPFH_RADIUS = 0.125  # of a shape at unit radius, as SimpleGeoZe


class Choice(NamedTuple):
    """What `validation` chooses on train shapes, and `plain` takes the first of."""

    patches: str
    window: int
    regions: str
    template: str


def zero_shot_parts(
    points: Float[np.ndarray, "point 3"],
    features: Float[np.ndarray, "point channel"],
    prototypes: Float[np.ndarray, "part channel"],
    seen: Bool[np.ndarray, " point"],
    regions: Int[np.ndarray, " point"] | None = None,
    released: bool = False,
) -> Int[np.ndarray, " point"]:
    """The part whose sentence is closest to each point, or to each region's mean feature.

    A point that no view sees takes the label of the nearest that one does; as released it is the
    first part.
    """
    if regions is not None:
        # A region is seen if any of its points is.
        features = region_features(features, regions)[regions]
        seen = np.linalg.norm(features, axis=1) > 0
    labels = (features @ prototypes.T).argmax(1)
    return labels if released else fill_unseen(points, labels, seen)


def find_regions(
    kind: str, points: Float[np.ndarray, "point 3"], count: int
) -> Int[np.ndarray, " point"] | None:
    """Regions of a shape at unit radius: `none`, `kmeans` or `geometric` (SimpleGeoZe)."""
    if kind == "none":
        return None
    normals = geometry.normals(points)
    if kind == "kmeans":
        return kmeans_regions(points, normals, count)
    return geometric_regions(points, normals, fpfh(points, normals, FPFH_RADIUS), count)


def zero_shot(
    test: PartSet,
    patches: PatchFiles,
    segmenter: Settings,
    encoder: Any,
    out: str | Path,
    protocol: str = "plain",
    train: tuple[PartSet, PatchFiles, str | Path] | None = None,
) -> None:
    """Segment the test shapes by sentences.

    Args:
        patches: kind of patches -> its shards; the first is that of `plain`.
        train: clouds, patch features and labels of the train split: what `validation` chooses on.
    """
    released = protocol == "released"
    options = [
        Choice(*values)
        for values in product(
            patches, segmenter["window"], segmenter["regions"], segmenter["templates"]
        )
    ]
    chosen = options[0]
    if protocol == "validation" and train is not None:
        chosen = _choose(options, segmenter, encoder, *train)
    text = _prototypes(test.parts, chosen.template, segmenter, encoder, released)
    weights = read_yaml(segmenter["view_weights"]) if released and segmenter["view_weights"] else {}
    predicted = np.zeros((1, *test.points.shape[:2]), np.uint8)
    for row, shape in with_patches(test, patches[chosen.patches]):
        name = list(test.parts)[test.label[row]]
        features = shape.point_features(chosen.window, _weights(weights, name, shape), released)
        regions = find_regions(chosen.regions, test.points[row], segmenter["region_count"])
        predicted[0, row] = zero_shot_parts(
            test.points[row], features, text[name], shape.seen_by_any(), regions, released
        )
    write_predicted(out, test, predicted, [0], chosen._asdict())


def _choose(
    options: Sequence[Choice],
    segmenter: Settings,
    encoder: Any,
    train: PartSet,
    patches: PatchFiles,
    labels: str | Path,
) -> Choice:
    """The option with the highest mean IoU over present parts on train shapes; of equals the
    first."""
    text = {
        option.template: _prototypes(train.parts, option.template, segmenter, encoder, False)
        for option in options
    }
    truth = read_h5_rows([labels], "part", train.id)
    scores: dict[Choice, list[float]] = {option: [] for option in options}
    kinds = {option.regions for option in options}
    regions = [
        {kind: find_regions(kind, points, segmenter["region_count"]) for kind in kinds}
        for points in train.points
    ]
    for kind, files in patches.items():
        own = [option for option in options if option.patches == kind]
        for row, shape in with_patches(train, files):
            name = list(train.parts)[train.label[row]]
            features = {o.window: shape.point_features(o.window) for o in own}
            for option in own:
                labelled = zero_shot_parts(
                    train.points[row],
                    features[option.window],
                    text[option.template][name],
                    shape.seen_by_any(),
                    regions[row][option.regions],
                )
                parts = list(range(len(train.parts[name])))
                found = shape_scores(labelled, truth[row].astype(np.int64), parts)
                scores[option].append(found["iou_present"])
    best = max(options, key=lambda option: np.mean(scores[option]))
    log.info("Chosen on %d train shapes: %s", len(truth), best._asdict())
    return best


def _prototypes(
    parts: Mapping[str, Sequence[str]],
    template: str,
    segmenter: Settings,
    encoder: Any,
    released: bool,
) -> dict[str, Float[np.ndarray, "part channel"]]:
    if released and segmenter["sentences"]:
        log.warning("These sentences were fitted to test labels and to scrambled features.")
        said = read_yaml(segmenter["sentences"])
        return {
            name: released_prototypes(name, own, said, encoder).numpy()
            for name, own in parts.items()
        }
    return {
        name: part_prototypes(name, own, template, encoder).numpy() for name, own in parts.items()
    }


def _weights(table: Mapping[str, Any], name: str, shape: Patches) -> torch.Tensor | None:
    if name not in table:
        return None
    weights = torch.tensor(table[name], dtype=torch.float32)
    if weights.shape != (len(shape.cells),):
        raise UserError(
            f"The file of view weights has {weights.numel()} numbers for class '{name}', but there "
            f"are {len(shape.cells)} views."
        )
    return weights
