"""Point clouds to depth maps. Lazy, so that a light import stays light.

What a new rendering method needs: the first lines of `catalog/projections.py`.
"""

from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    from pointclip.projection.projection import get_projection

__all__ = ["get_projection"]


def __getattr__(name: str) -> Any:
    if name == "get_projection":
        from pointclip.projection.projection import get_projection

        return get_projection
    raise AttributeError(f"module 'pointclip.projection' has no attribute '{name}'")
