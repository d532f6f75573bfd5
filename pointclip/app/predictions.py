"""What a classifier predicts for a cloud or a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True, repr=False)
class ViewPrediction:
    """Depth maps of one cloud, and what is predicted from each view and from all.

    Attributes:
        depth: the projection's own maps, at its own resolution.
        per_view: probabilities of the classes, from each view alone.
        probabilities: of the classes, from all views together.
        classes, view_names: what the axes stand for.
    """

    depth: Float[np.ndarray, "view height width"]
    per_view: Float[np.ndarray, "view class"]
    probabilities: Float[np.ndarray, " class"]
    classes: Sequence[str]
    view_names: Sequence[str]

    def top(self, count: int = 5) -> list[tuple[str, float]]:
        """The `count` most probable classes, best first."""
        return _top(self.probabilities, self.classes, count)

    def __repr__(self) -> str:
        best = ", ".join(f"{name} {100 * p:.1f} %" for name, p in self.top(3))
        return f"ViewPrediction({best}; {len(self.depth)} views)"

    def _repr_html_(self) -> str:
        """The views and bars of the page, for a notebook."""
        from pointclip.app.notebook import views_and_bars

        return views_and_bars(self)


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
        return _top(self.probabilities, classes, count)


def _top(
    probabilities: Float[np.ndarray, " class"], classes: Sequence[str], count: int
) -> list[tuple[str, float]]:
    best = np.argsort(-probabilities, kind="stable")[:count]
    return [(classes[k], float(probabilities[k])) for k in best]
