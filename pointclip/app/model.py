"""A zero- and few-shot classifier of point clouds, as one Python object."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from pointclip.app import part_prediction
from pointclip.app.adapter_parts import check_fit, choose_parts
from pointclip.app.backbone import choose_projection, encode_views, load_backbone, load_points
from pointclip.app.given import as_numpy, check_classes, check_points, is_list_of_clouds
from pointclip.app.predictions import Prediction, ViewPrediction
from pointclip.classification.few_shot.adapter_file import read_adapter
from pointclip.classification.zero_shot import combine, per_view_logits
from pointclip.core.errors import UserError
from pointclip.features.prompts import load_prompts
from pointclip.features.text import prototype


BACKBONE = "iconclip"
Colors = Float[np.ndarray, "shape point 3"]


class PointCLIP:
    """Zero- and few-shot point cloud classifier: depth maps from several views, read by a 2D CLIP,
    or points read by a 3D encoder.

    The probabilities are the softmax over the classes of the logit scale times the cosine between
    image and text, averaged over the views with equal weights (the protocol `plain`); with an
    adapter, the softmax of its logits.

    Args:
        classes: names in plain words; may stay empty with an adapter, which knows its own.
        backbone: an id of `pointclip models`, or an entry as in the config.
        projection: an id of `pointclip projections`, or an entry as in the config; a 3D encoder has
            none.
        prompts: an id of `pointclip prompts`, or a path; None is the backbone's own.
        adapter: a file that `pointclip train` or the workflow made. The built-in parts that it was
            trained with are then the default of the arguments above; nothing else that it names is
            loaded or fetched.
        seed: which of an adapter's seeds; None is the first.
        device: auto, cpu, cuda, cuda:N or mps.
        weights_dir: where to look for weights first.

    Raises:
        UserError: one sentence on whatever of this does not exist or does not fit.
    """

    def __init__(
        self,
        classes: Sequence[str] = (),
        backbone: str | dict[str, Any] | None = None,
        projection: str | dict[str, Any] | None = None,
        prompts: str | Path | None = None,
        *,
        adapter: str | Path | None = None,
        seed: int | None = None,
        device: str = "auto",
        weights_dir: str | Path | None = None,
    ) -> None:
        self.adapter = read_adapter(adapter).only(seed) if adapter else None
        parts = choose_parts(self.adapter, {"projection": projection, "backbone": backbone})
        self.classes = check_classes(classes, self.adapter)
        self.encoder = load_backbone(parts.get("backbone", BACKBONE), device, weights_dir)
        self.projection = choose_projection(parts.get("projection"), self.encoder)
        self.prompts = str(prompts or parts.get("prompts") or self.encoder.prompts)
        if self.adapter:
            check_fit(self.adapter, self.projection, self.encoder)
            self.prototypes = self.adapter.prototypes
        else:
            texts = load_prompts(self.prompts)
            sentences = [texts.sentences(name) for name in self.classes]
            self.prototypes = torch.stack([prototype(each, self.encoder) for each in sentences])

    def __call__(self, points: Any, colors: Any = None) -> Any:
        """Probabilities of the classes.

        Args:
            points: `(point, 3)`, `(cloud, point, 3)` or a list of `(point, 3)` of any sizes, y up,
                in any unit and place: they are centred and scaled to the unit sphere first.
            colors: of the points, in 0..1, for a 3D encoder; without them it takes them for grey.

        Returns:
            `(class,)` or `(cloud, class)`, each row summing to one; NumPy for NumPy, and a tensor
            on the same device for a tensor.

        Raises:
            UserError: if the points have another shape, or are no finite numbers.
        """
        if is_list_of_clouds(points):
            painted = [None] * len(points) if colors is None else colors
            each = [self(*cloud) for cloud in zip(points, painted, strict=True)]
            return torch.stack(each) if isinstance(each[0], Tensor) else np.stack(each)
        given = check_points(points)
        clouds = given.reshape(-1, *given.shape[-2:])
        paint = None if colors is None else as_numpy(colors).reshape(clouds.shape)
        probabilities = self._read(clouds, paint)[0]
        probabilities = probabilities.reshape(*given.shape[:-2], len(self.classes))
        if isinstance(points, Tensor):
            return probabilities.to(points.device)
        return probabilities.numpy()

    @torch.inference_mode()
    def _read(
        self, clouds: Float[np.ndarray, "cloud point 3"], colors: Colors | None = None
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """Probabilities of all views and of each, and the depth maps."""
        features, depth = encode_views(clouds, colors, self.projection, self.encoder)
        scale = self.encoder.logit_scale
        logits = per_view_logits(features.numpy(), self.prototypes.numpy(), scale)
        if self.adapter:
            together = self.adapter.logits(features)[0]
        else:
            together = torch.from_numpy(combine(logits))
        return together.softmax(-1).float(), torch.from_numpy(logits).softmax(-1), depth

    def look(self, points: Float[np.ndarray, "point 3"]) -> ViewPrediction:
        """Depth maps, and probabilities per view and over all views, of one cloud."""
        probabilities, per_view, depth = self._read(points[None])
        if depth is None:
            raise UserError(
                f"The backbone '{self.encoder.name}' reads points: there are no depth maps to show."
            )
        return ViewPrediction(depth[0].numpy(), per_view[0].numpy(), probabilities[0].numpy())

    segment = part_prediction.segment

    def classify(
        self,
        files: Iterable[str | Path],
        points: int | None = None,
        up: str = "y",
        batch: int = 16,
    ) -> Iterator[Prediction]:
        """Read files one after the other, in their order and in constant memory.

        A file that cannot be read gives a `Prediction` with its `error`, and the next one follows.

        Args:
            points: how many points to take of each file; None is 2,048 for depth maps, and for a
                3D encoder as many as it reads.
            up: the axis that points up in the files: x, y, z, or -x, -y, -z.
            batch: clouds that go through the encoder at once.
        """
        window: list[tuple[Path, Loaded | str]] = []
        for file in files:
            window.append((Path(file), self._load(Path(file), points, up)))
            if len(window) == batch:
                yield from self._read_window(window)
                window = []
        yield from self._read_window(window)

    def _load(self, file: Path, points: int | None, up: str) -> "Loaded | str":
        try:
            return load_points(file, points, up, self.encoder)
        except UserError as error:
            return str(error)

    def _read_window(self, window: "list[tuple[Path, Loaded | str]]") -> Iterator[Prediction]:
        """Predictions in the order of the files; depth maps of all are encoded at once."""
        clouds = [cloud for _, cloud in window if not isinstance(cloud, str)]
        if self.projection is None or not clouds:
            found = iter([self._read_one(*cloud) for cloud in clouds])
        else:
            found = iter(self._read(np.stack([points for points, _ in clouds]))[0].numpy())
        for file, cloud in window:
            read = cloud if isinstance(cloud, str) else next(found)
            yield Prediction(file, error=read) if isinstance(read, str) else Prediction(file, read)

    def _read_one(self, points: np.ndarray, colors: np.ndarray | None) -> "np.ndarray | str":
        try:
            return self._read(points[None], None if colors is None else colors[None])[0][0].numpy()
        except UserError as error:
            return str(error)


Loaded = tuple[np.ndarray, np.ndarray | None]
