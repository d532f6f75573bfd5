"""What a frozen 2D CLIP understands of 3D point clouds.

A cloud is rendered as depth maps from several views, which CLIP compares with words:

>>> from pointclip import PointCLIP, load_cloud
>>> model = PointCLIP(classes=["chair", "table", "lamp"])
>>> points = load_cloud("examples/table.ply")
>>> probabilities = model(points)
>>> model.classes[probabilities.argmax()]
'table'

It gives what it works with, too: `model.depth(points)`, `model.features(points)`,
`model.text_features` and `model.logits(points)`. `load_features` and `load_scores` read what the
workflow has cached. The rooms of the library stand in docs/architecture.md; the command line is
`pointclip --help`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    from pointclip.app.cached import load_features, load_scores
    from pointclip.app.model import PointCLIP
    from pointclip.app.register import register
    from pointclip.clouds.load import load_cloud

__version__ = "0.1.0"
__all__ = ["PointCLIP", "__version__", "load_cloud", "load_features", "load_scores", "register"]
# Imported only when they are asked for: torch takes seconds.
_MODULES = {
    "PointCLIP": "pointclip.app.model",
    "load_cloud": "pointclip.clouds.load",
    "load_features": "pointclip.app.cached",
    "load_scores": "pointclip.app.cached",
    "register": "pointclip.app.register",
}


def __getattr__(name: str) -> Any:
    """Import a name where it is defined."""
    if name not in _MODULES:
        raise AttributeError(f"module 'pointclip' has no attribute '{name}'")
    return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    """So that completion and pydoc find what is imported late."""
    return sorted({*globals(), *__all__})
