"""What a classifier predicts for a cloud or a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class ViewPrediction:
    """Depth maps of one cloud, and what is predicted from each view and from all.

    Attributes:
        depth: the projection's own maps, at its own resolution.
        per_view: probabilities of the classes, from each view alone.
        probabilities: of the classes, from all views together.
    """

    depth: Float[np.ndarray, "view height width"]
    per_view: Float[np.ndarray, "view class"]
    probabilities: Float[np.ndarray, " class"]


@dataclass(frozen=True)
class Prediction:
    """The prediction for one file: `probabilities`, or `error`, the sentence that says why not."""

    path: Path
    probabilities: Float[np.ndarray, " class"] | None = None
    error: str | None = None

    def top(self, classes: Sequence[str], count: int = 5) -> list[tuple[str, float]]:
        """The `count` most probable classes, best first; none if the file could not be read."""
        if self.probabilities is None:
            return []
        best = np.argsort(-self.probabilities, kind="stable")[:count]
        return [(classes[k], float(self.probabilities[k])) for k in best]
