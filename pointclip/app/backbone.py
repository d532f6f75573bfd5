"""A backbone of either kind, and clouds as it reads them: by way of depth maps, or as points."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from pointclip.catalog.backbones import reads_points, resolve_backbone
from pointclip.catalog.projections import NO_PROJECTION
from pointclip.clouds.load import load_cloud, load_colored_cloud, normalise
from pointclip.core.errors import UserError
from pointclip.encoders.encoder import Encoder, load_encoder
from pointclip.encoders.point.encoder import PointEncoder, load_point_encoder
from pointclip.projection.projection import Projection, get_projection


PROJECTION = "pointclip_v2"
# Of a classifier without shots: the best without a label on train shapes of ModelNet40.
ZERO_SHOT_PROJECTION = "surround"
POINTS = 2048  # of a file, for depth maps

Points = Float[np.ndarray, "shape point 3"]
Colors = Float[np.ndarray, "shape point 3"]


def load_backbone(
    backbone: str | Mapping[str, Any], device: str = "auto", weights_dir: str | Path | None = None
) -> Encoder | PointEncoder:
    """Load a 2D or a 3D backbone by name or entry; see `load_encoder` and `load_point_encoder`."""
    if reads_points(resolve_backbone(backbone)):
        return load_point_encoder(backbone, device, weights_dir)
    return load_encoder(backbone, device, weights_dir)


def choose_projection(
    projection: str | Mapping[str, Any] | None,
    encoder: Encoder | PointEncoder,
    zero_shot: bool = False,
) -> Projection | None:
    """A projection by name or entry (None is the default one); None if the backbone reads points.

    Raises:
        UserError: if a projection is given to a backbone that reads points, or `none` to another.
    """
    name = projection.get("base") if isinstance(projection, Mapping) else projection
    if isinstance(encoder, PointEncoder):
        if name not in (None, NO_PROJECTION):
            raise UserError(
                f"The backbone '{encoder.name}' reads points: leave the projection '{name}' out."
            )
        return None
    if name == NO_PROJECTION:
        raise UserError(f"The backbone '{encoder.name}' reads depth maps: give a projection.")
    return projection_of(projection, ZERO_SHOT_PROJECTION if zero_shot else PROJECTION)


def projection_of(
    projection: str | Mapping[str, Any] | None, default: str = PROJECTION
) -> Projection:
    """A projection by name or entry, or the default one."""
    entry = {"base": projection} if not isinstance(projection, Mapping) else dict(projection)
    return get_projection(entry.pop("base", None) or default, **entry)


def need_projection(projection: Projection | None, encoder: Encoder | PointEncoder) -> Projection:
    """The projection, for what is shown by way of depth maps.

    Raises:
        UserError: if the backbone reads points.
    """
    if projection is None:
        raise UserError(
            f"The backbone '{encoder.name}' reads points: there are no depth maps to show."
        )
    return projection


def load_points(
    file: str | Path, points: int | None, up: str, encoder: Encoder | PointEncoder
) -> tuple[Float[np.ndarray, "point 3"], Float[np.ndarray, "point 3"] | None]:
    """A file's cloud as a backbone takes it, and its colours in 0..1 if the backbone reads them.

    Args:
        points: how many; None is 2,048 for depth maps, and for a 3D encoder as many as it reads.

    Raises:
        UserError: if the file cannot be read.
    """
    if not isinstance(encoder, PointEncoder):
        return load_cloud(file, points=points or POINTS, up=up), None
    cloud, colors = load_colored_cloud(file, points or encoder.most_points, up=up, repeat=False)
    return cloud, None if colors is None else colors.astype(np.float32) / 255


@torch.inference_mode()
def encode_views(
    points: Points,
    colors: Colors | None,
    projection: Projection | None,
    encoder: Encoder | PointEncoder,
) -> tuple[Float[Tensor, "shape view channel"], Float[Tensor, "shape view height width"] | None]:
    """Features of all views, and the depth maps they come from; one view where points are read."""
    if isinstance(encoder, PointEncoder):
        return encoder.encode_points(points, colors)[:, None], None
    assert projection is not None
    depth = projection(normalised(points))
    return encoder.encode_images(depth), depth


def normalised(points: Points) -> Float[Tensor, "shape point 3"]:
    """Each cloud centred and within the unit sphere."""
    return torch.from_numpy(np.stack([normalise(cloud) for cloud in points]))
