"""The parts of one cloud: read by sentences, or by what labelled shapes have taught."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from pointclip.catalog.parts import REGIONS
from pointclip.clouds.load import normalise
from pointclip.core.errors import UserError, choose
from pointclip.encoders.dense import cell_size
from pointclip.encoders.encoder import Encoder
from pointclip.encoders.point.encoder import PointEncoder
from pointclip.projection.float16 import render_float16
from pointclip.projection.projection import Projection
from pointclip.segmentation.back_project import fill_unseen
from pointclip.segmentation.few_shot import point_features
from pointclip.segmentation.part_adapter import PartAdapter
from pointclip.segmentation.patches import Patches, encode_shapes
from pointclip.segmentation.sentences import part_prototypes
from pointclip.segmentation.zero_shot import find_regions, zero_shot_parts


# Side of the encoder's input: the patches of most backbones divide it.
SIZE = 224
COLOURS = (
    *((31, 119, 180), (255, 127, 14), (44, 160, 44), (214, 39, 40), (148, 103, 189)),
    *((140, 86, 75), (227, 119, 194), (188, 189, 34), (23, 190, 207), (127, 127, 127)),
)


@dataclass(frozen=True)
class PartPrediction:
    """What was predicted of one cloud.

    Attributes:
        parts: names of the parts.
        labels: for each point the number of its part.
        depth: the projection's own maps.
        seen: whether each view sees each point.
        per_view: the parts that each view alone would give, of seen points; None where there is no
            such thing (a probe that was taught on all views).
    """

    parts: list[str]
    labels: Int[np.ndarray, " point"]
    depth: Float[np.ndarray, "view height width"]
    seen: Bool[np.ndarray, "view point"]
    per_view: Int[np.ndarray, "view point"] | None


def segment(
    self: Any,
    points: Float[np.ndarray, "point 3"],
    parts: Sequence[str],
    name: str | None = None,
    regions: str = "none",
) -> PartPrediction:
    """A method of `PointCLIP`: the part of every point of a cloud; see `predict_parts`.

    Args:
        name: what the object is; None takes the only class of the model, if there is just one.
    """
    if name is None and len(self.classes) == 1:
        name = self.classes[0]
    return predict_parts(points, self.encoder, self.projection, parts, name, regions)


def predict_parts(
    points: Float[np.ndarray, "point 3"],
    encoder: Encoder | PointEncoder,
    projection: Projection | None,
    parts: Sequence[str],
    name: str | None = None,
    regions: str = "none",
) -> PartPrediction:
    """Compare every point's patch features with sentences.

    Args:
        points: `(point, 3)`, y up, in any unit and place.
        parts: names of two or more parts, in plain words.
        name: what the object is, for the sentences.
        regions: `none`, or `kmeans` or `geometric`: points that hang together get one label.

    Raises:
        UserError: if there are fewer than two parts, the projection renders dots, or the backbone
            gives no patch features.
    """
    choose(regions, REGIONS, "regions")
    template = "{part} of a {class}" if name else "{part}"
    prototypes = part_prototypes(name or "", parts, template, encoder).numpy()
    placed, shape, depth = _encode(points, encoder, projection, SIZE)
    found = zero_shot_parts(
        placed,
        shape.point_features(),
        prototypes,
        shape.seen_by_any(),
        find_regions(regions, placed, 32),
    )
    alone = [
        shape.one_view(view).point_features() @ prototypes.T for view in range(len(shape.seen))
    ]
    return PartPrediction(list(parts), found, depth, shape.seen, np.stack(alone).argmax(2))


def predict_learned_parts(
    points: Float[np.ndarray, "point 3"],
    encoder: Encoder | PointEncoder,
    projection: Projection | None,
    adapter: PartAdapter,
    name: str | None = None,
) -> PartPrediction:
    """Ask the probe of a class.

    Raises:
        UserError: if the adapter does not know the class, or was taught with other features.
    """
    name, probe = adapter.probe(name)
    size = adapter.trained_with.get("patches", {}).get("size", SIZE)
    placed, shape, depth = _encode(points, encoder, projection, size)
    features = point_features(adapter.features, shape)
    if features.shape[1] != len(probe.centre):
        raise UserError(
            f"{adapter.file} was taught with {len(probe.centre)} features a point; the backbone "
            f"'{encoder.name}' gives {features.shape[1]}."
        )
    seen = shape.seen_by_any() | (adapter.features == "geometry")
    labels = fill_unseen(placed, probe(features), seen)
    return PartPrediction(adapter.parts[name], labels, depth, shape.seen, None)


def spread(
    points: Float[np.ndarray, "point 3"],
    labels: Int[np.ndarray, " point"],
    others: Float[np.ndarray, "other 3"],
) -> Int[np.ndarray, " other"]:
    """Labels of other points of the same cloud: those of the nearest."""
    from scipy.spatial import cKDTree

    return labels[cKDTree(points).query(others)[1]]


def write_ply(
    path: str | Path,
    points: Float[np.ndarray, "point 3"],
    labels: Int[np.ndarray, " point"],
    parts: Sequence[str],
) -> None:
    """A binary PLY: x, y, z, the number of the part, and its colour; names stand as comments."""
    from pointclip.core.atomic import atomic

    rows = np.empty(len(points), [("xyz", "<f4", 3), ("part", "u1"), ("rgb", "u1", 3)])
    rows["xyz"], rows["part"] = points, labels
    rows["rgb"] = np.array(COLOURS, np.uint8)[labels % len(COLOURS)]
    # A name may hold a line's end, which would end the comment.
    said = [" ".join(part.split()).encode("ascii", "replace").decode() for part in parts]
    header = [
        *("ply", "format binary_little_endian 1.0"),
        *(f"comment part {number} {part}" for number, part in enumerate(said)),
        f"element vertex {len(points)}",
        *(f"property float {axis}" for axis in "xyz"),
        "property uchar part",
        *(f"property uchar {colour}" for colour in ("red", "green", "blue")),
        "end_header",
    ]
    with atomic(path) as partial:
        partial.write_bytes("\n".join([*header, ""]).encode() + rows.tobytes())


def _encode(
    points: Float[np.ndarray, "point 3"],
    encoder: Encoder | PointEncoder,
    projection: Projection | None,
    size: int,
) -> tuple[np.ndarray, Patches, np.ndarray]:
    if isinstance(encoder, PointEncoder) or projection is None:
        raise UserError(
            f"The backbone '{encoder.name}' reads points: it gives no patch features of depth maps."
        )
    cell = cell_size(encoder)
    size = max(size // cell, 1) * cell
    placed = normalise(points)
    (shape,) = encode_shapes(placed[None], projection, encoder, size)
    return placed, shape, render_float16(projection, placed[None])[0].astype(np.float32)
