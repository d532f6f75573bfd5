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
from pointclip.app.backbone import (
    Colors,
    Points,
    choose_projection,
    encode_views,
    load_backbone,
    need_projection,
    normalised,
)
from pointclip.app.classify_files import classify_files
from pointclip.app.given import check_classes, check_points, of_each
from pointclip.app.predictions import Prediction, ViewPrediction
from pointclip.classification.few_shot.adapter_file import read_adapter
from pointclip.classification.zero_shot import combine, per_view_logits
from pointclip.features.prompts import OWN_TEMPLATES, load_prompts
from pointclip.features.text import prototype


BACKBONE = "iconclip"


class PointCLIP:
    """Zero- and few-shot point cloud classifier: depth maps from several views, read by a 2D CLIP,
    or points read by a 3D encoder.

    By default thirty views are read (`surround`) and the probabilities of the surer half averaged:
    the best without a label on train shapes, at three times the cost of ten. Of other projections
    cosines are averaged. An adapter's logits are divided by its temperature, if it has one.

    Args:
        classes: names in plain words; may stay empty with an adapter, which knows its own.
        backbone: an id of `pointclip models`, or an entry as in the config.
        projection: an id of `pointclip projections` or an entry as in the config; not for 3D ones.
        prompts: an id of `pointclip prompts`, a path, or a list of templates, each with `{}` for
            the name of a class; None is the backbone's own.
        adapter: a file that `pointclip train` or the workflow made. The built-in parts that it was
            trained with are then the default of the arguments above; nothing else that it names is
            loaded or fetched.
        seed: which of an adapter's seeds; None is the first.
        device, weights_dir: auto, cpu, cuda, cuda:N or mps; where to look for weights first.

    Raises:
        UserError: one sentence on whatever of this does not exist or does not fit.
    """

    def __init__(
        self,
        classes: Sequence[str] = (),
        backbone: str | dict[str, Any] | None = None,
        projection: str | dict[str, Any] | None = None,
        prompts: str | Path | Sequence[str] | None = None,
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
        of = parts.get("projection"), self.encoder
        self.projection = choose_projection(*of, zero_shot=not self.adapter)
        chosen = parts.get("prompts", self.encoder.prompts) if prompts is None else prompts
        self.prompts = str(chosen) if isinstance(chosen, str | Path) else OWN_TEMPLATES
        if self.adapter:
            check_fit(self.adapter, self.projection, self.encoder)
            self.prototypes = self.adapter.prototypes
        else:
            texts = load_prompts(chosen)
            sentences = [texts.sentences(name) for name in self.classes]
            self.prototypes = torch.stack([prototype(each, self.encoder) for each in sentences])
        self.calibrated = bool(self.adapter and self.adapter.temperatures)
        self.method = self.projection.combined_by if self.projection else "zero_shot"

    def __call__(self, points: Any, colors: Any = None) -> Any:
        """Probabilities of the classes.

        Args:
            points: `(point, 3)`, `(shape, point, 3)` or a list of `(point, 3)` of any sizes, y up,
                in any unit and place: they are centred and scaled to the unit sphere first.
            colors: of the points, in 0..1, for a 3D encoder; without them it takes them for grey.

        Returns:
            `(class,)` or `(shape, class)`, each row summing to one; NumPy for NumPy, and a tensor
            on the same device for a tensor.

        Raises:
            UserError: if the points have another shape, or are no finite numbers.
        """
        return of_each(points, colors, lambda *clouds: _softmax(self._logits(*clouds)[0]))

    def logits(self, points: Any, colors: Any = None, *, per_view: bool = False) -> Any:
        """What the softmax is taken of: scaled cosines averaged, or logarithms of probabilities.

        Args:
            per_view: of each view, instead of their mean (or of the adapter's logits: single views
                are read without it).

        Returns:
            `(class,)` or `(shape, class)`; per view `(view, class)` or `(shape, view, class)`.
        """
        which = int(per_view)
        return of_each(points, colors, lambda *clouds: self._logits(*clouds)[which].float())

    def features(self, points: Any, colors: Any = None) -> Any:
        """What the backbone makes of each view, not normalised.

        Returns:
            `(shape, view, channel)`, or `(view, channel)` of one cloud; a 3D encoder has one view.
        """
        return of_each(points, colors, lambda *clouds: self._encode(*clouds)[0].float())

    def depth(self, points: Any) -> Any:
        """The depth maps of all views, in the projection's own resolution and grey values.

        Returns:
            `(shape, view, height, width)`, or `(view, height, width)` of one cloud.
        """
        projection = need_projection(self.projection, self.encoder)
        return of_each(points, None, lambda clouds, _: projection(normalised(clouds)))

    @property
    def text_features(self) -> Float[np.ndarray, "class channel"]:
        """One feature of unit length for each class: the mean over its sentences."""
        return self.prototypes.numpy()

    def _encode(self, shapes: Points, colors: Colors | None) -> tuple[Tensor, Tensor | None]:
        """Features of all views, and the depth maps."""
        return encode_views(shapes, colors, self.projection, self.encoder)

    def _logits(self, shapes: Points, colors: Colors | None = None) -> tuple[Tensor, Tensor]:
        return self._read(self._encode(shapes, colors)[0])

    @torch.inference_mode()
    def _read(self, features: Float[Tensor, "shape view channel"]) -> tuple[Tensor, Tensor]:
        """Logits of all views together, and of each."""
        each = per_view_logits(features.numpy(), self.text_features, self.encoder.logit_scale)
        if self.adapter:
            logits = self.adapter.logits(features)[0] / (self.adapter.temperatures or [1.0])[0]
            return logits, torch.from_numpy(each)
        return torch.from_numpy(combine(each, method=self.method)), torch.from_numpy(each)

    def look(self, points: Any) -> ViewPrediction:
        """Depth maps, and probabilities per view and over all views, of one cloud `(point, 3)`.

        In a notebook, the result shows itself.
        """
        names = need_projection(self.projection, self.encoder).view_names
        features, depth = self._encode(check_points(points, one=True)[None], None)
        assert depth is not None
        together, each = self._read(features)
        alone, best = _softmax(each[0]).numpy(), _softmax(together[0]).numpy()
        return ViewPrediction(depth[0].numpy(), alone, best, self.classes, names)

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
        return classify_files(self, files, points, up, batch)

    def __repr__(self) -> str:
        parts = {"backbone": self.encoder.name, "prompts": self.prompts}
        parts |= {"projection": self.projection.name} if self.projection else {}
        parts |= {"adapter": str(self.adapter.file)} if self.adapter else {}
        named = ", ".join(f"{part}={value!r}" for part, value in parts.items())
        names = ", ".join(self.classes[:6]) + (", …" if len(self.classes) > 6 else "")
        return f"PointCLIP({len(self.classes)} classes: {names}; {named})"


def _softmax(logits: Tensor) -> Tensor:
    return logits.softmax(-1).float()
