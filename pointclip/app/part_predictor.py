"""The encoder and what is asked of it, loaded once: files in, parts on the page or in a PLY out."""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int

import pointclip
from pointclip.app.backbone import choose_projection, load_backbone
from pointclip.app.model import BACKBONE
from pointclip.app.part_prediction import (
    COLOURS,
    PartPrediction,
    predict_learned_parts,
    predict_parts,
    spread,
)
from pointclip.app.viewer import PartColours, ViewerItem, cameras
from pointclip.clouds.load import load_cloud, normalise
from pointclip.core.errors import UserError
from pointclip.core.files import printable
from pointclip.segmentation.part_adapter import PartAdapter, read_part_adapter
from pointclip.segmentation.sentences import check_parts


PROJECTION = "elevated_ring"
PLOTTED = 20_000  # points on the page, for the eye


class PartPredictor:
    """Predicts parts by their names, or by what an adapter was taught.

    Args:
        parts: names, in plain words; empty with an adapter, which knows its own.
        name: what the objects are; an adapter that knows several classes needs it.

    Raises:
        UserError: one sentence on whatever of this does not exist or does not fit.
    """

    def __init__(
        self,
        parts: list[str],
        name: str | None = None,
        regions: str = "none",
        backbone: str | dict[str, Any] | None = None,
        projection: str | dict[str, Any] | None = None,
        adapter: Path | None = None,
        weights_dir: Path | None = None,
        device: str = "auto",
    ) -> None:
        self.adapter: PartAdapter | None = read_part_adapter(adapter) if adapter else None
        if self.adapter:
            self.adapter.probe(name)
        else:
            check_parts(parts)
        trained = self.adapter.trained_with if self.adapter else {}
        self.parts, self.name, self.regions = parts, name, regions
        backbone = backbone or trained.get("backbone", BACKBONE)
        self.encoder = load_backbone(backbone, device, weights_dir)
        chosen = projection or trained.get("projection", PROJECTION)
        found = choose_projection(chosen, self.encoder)
        if found is None:
            raise UserError(
                f"The backbone '{self.encoder.name}' reads points: it gives no patch features."
            )
        self.projection = found

    def predict(self, points: Float[np.ndarray, "point 3"]) -> PartPrediction:
        """The parts of one cloud."""
        if self.adapter:
            return predict_learned_parts(
                points, self.encoder, self.projection, self.adapter, self.name
            )
        return predict_parts(
            points, self.encoder, self.projection, self.parts, self.name, self.regions
        )

    def label_file(
        self, path: Path, points: int, up: str
    ) -> tuple[Float[np.ndarray, "point 3"], Int[np.ndarray, " point"], list[str]]:
        """All points of a file, the number of the part of each (that of the nearest point that was
        encoded), and the parts' names."""
        encoded = load_cloud(path, points=points, up=up)
        whole = load_cloud(path, up=up)
        found = self.predict(encoded)
        return whole, spread(encoded, found.labels, whole), found.parts

    def viewer_item(self, path: Path, points: int, up: str) -> ViewerItem:
        """Everything on the page about one file."""
        encoded = load_cloud(path, points=points, up=up)
        plotted = np.unique(load_cloud(path, points=max(points, PLOTTED), up=up), axis=0)
        found = self.predict(encoded)
        nearest = spread(encoded, np.arange(len(encoded)), plotted)
        unseen = int((~found.seen.any(0)).sum())
        return ViewerItem(
            name=printable(path.name),
            note=f"{len(encoded):,} points, {unseen:,} of them seen in no view",
            points=normalise(plotted),
            depth=found.depth,
            view_names=self.projection.view_names,
            cameras=cameras(self.projection.rotations, self.projection.camera),
            mirrored=self.projection.camera < 0,
            parts=PartColours(
                found.parts,
                [COLOURS[k % len(COLOURS)] for k in range(len(found.parts))],
                found.labels[nearest],
                found.seen[:, nearest],
                None if found.per_view is None else found.per_view[:, nearest],
            ),
        )

    @property
    def made(self) -> str:
        """What made the page."""
        made = f"pointclip {pointclip.__version__} · projection {self.projection.name}"
        made += f" · backbone {self.encoder.name}"
        return made + (f" · {printable(self.adapter.file.name)}" if self.adapter else "")
