"""Features of one family at the key-points of one side: what each family needs is said here."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float32

from pointclip.catalog.registration import FAMILIES
from pointclip.core.errors import UserError, choose
from pointclip.registration.dense.fpfh import fpfh
from pointclip.registration.dense.hog import brightness, histograms, inverse_depth
from pointclip.registration.depth_map import points_of, valid_pixels
from pointclip.registration.keypoints import Keypoints
from pointclip.registration.match import transfer
from pointclip.registration.side import Seen
from pointclip.registration.surface import estimate_normals, thin


Features = Float32[np.ndarray, "keypoint channel"]


class Describer:
    """One feature family with its parameters; loads a network at most once.

    Args:
        entry: of `catalog/registration.py`'s FEATURES or the config: `family` and its parameters.
        encoder: a function without arguments that loads the backbone of `clip_dense`, or the
            network of `fcgf`.

    Raises:
        UserError: if there is no such family.
    """

    def __init__(self, entry: Mapping[str, Any], encoder: Any = None):
        self.entry = dict(entry)
        self.family = choose(self.entry["family"], FAMILIES, "feature family")
        self._load = encoder
        self._encoder: Any = None

    def query(self, seen: Seen, keypoints: Keypoints) -> Features:
        """Features of the photo's key-points: of its pixels, or of its depth map's points."""
        if self.family in ("fpfh", "fcgf"):
            geometric = self._fpfh if self.family == "fpfh" else self._fcgf
            return geometric(seen, keypoints, "query")
        if seen.color is None:
            raise UserError(f"Features '{self.family}' of a query need a photo.")
        if self.family == "hog":
            return self._hog(brightness(seen.color), keypoints)
        return self._patches(seen.color, keypoints)

    def target(self, seen: Seen, keypoints: Keypoints) -> Features:
        """Features of the rendered depth map's key-points."""
        if self.family in ("fpfh", "fcgf"):
            geometric = self._fpfh if self.family == "fpfh" else self._fcgf
            return geometric(seen, keypoints, "target")
        if seen.depth is None:
            raise UserError("A target needs a depth map.")
        image = inverse_depth(seen.depth, *seen.valid_depth)
        return (
            self._hog(image, keypoints) if self.family == "hog" else self._patches(image, keypoints)
        )

    def _cloud(self, seen: Seen, side: str, edge_limit: float | None) -> np.ndarray:
        if seen.depth is None:
            raise UserError(
                f"Features '{self.family}' need a depth map of the {side}: give a sensor's or a "
                "network's."
            )
        valid = valid_pixels(seen.depth, *seen.valid_depth, edge_limit)
        return points_of(seen.depth, seen.camera, valid)

    def _fcgf(self, seen: Seen, keypoints: Keypoints, side: str) -> Features:
        # Only this family and `clip_dense` need torch.
        from pointclip.registration.dense.fcgf import encode_cloud

        # As released: only the photo's depth, which a network smears at edges, is filtered.
        edge_limit = seen.edge_limit if side == "query" else None
        cloud, unit = self._cloud(seen, side, edge_limit), seen.unit
        if self._encoder is None:
            self._encoder = self._load()
        kept, features = encode_cloud(self._encoder, cloud, self.entry["voxel"] * unit)
        place = keypoints.points, self.entry["transfer_radius"] * unit
        return transfer(cloud[kept], features, *place)

    def _fpfh(self, seen: Seen, keypoints: Keypoints, side: str) -> Features:
        e, unit = self.entry, seen.unit
        lengths = len(e["radii"]), len(e["voxels"]), len(e["neighbours"])
        if len(set(lengths)) > 1 or not lengths[0]:
            raise UserError(
                f"Features 'fpfh' need as many radii as voxels and neighbours, not {lengths}."
            )
        cloud = self._cloud(seen, side, seen.edge_limit)
        clouds = {voxel: thin(cloud, voxel * unit) for voxel in e["voxels"]}
        # Normals come from the finest points, whatever the voxels of a part.
        finest, near = clouds[min(clouds)], (e["normal_radius"] * unit, e["normal_neighbours"])
        normals = {v: estimate_normals(points, finest, *near) for v, points in clouds.items()}
        parts = []
        for radius, voxel, count in zip(e["radii"], e["voxels"], e["neighbours"], strict=True):
            points = clouds[voxel]
            part = fpfh(points, normals[voxel], radius * unit, count)
            part /= np.maximum(np.linalg.norm(part, axis=1, keepdims=True), 1e-12)
            place = keypoints.points, e["transfer_radius"] * unit
            parts.append(transfer(points, part.astype(np.float32), *place))
        return np.concatenate(parts, axis=1)

    def _hog(self, image: np.ndarray, keypoints: Keypoints) -> Features:
        e = self.entry
        return histograms(image, keypoints.uv, e["cell"], e["bins"], e["cells"])

    def _patches(self, image: np.ndarray, keypoints: Keypoints) -> Features:
        from pointclip.encoders.dense import cell_size
        from pointclip.registration.dense import clip_dense

        if self._encoder is None:
            self._encoder = self._load()
        height, width = image.shape[:2]
        cell = cell_size(self._encoder)
        size = clip_dense.input_size(width, height, self.entry["short_side"], cell)
        of = clip_dense.photo_input if image.ndim == 3 else clip_dense.depth_input
        return clip_dense.patch_features(
            self._encoder, of(image, size), keypoints.uv, width, height
        )
