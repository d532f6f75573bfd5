"""Point clouds and meshes from files of many formats. Lazy, so that a light import stays light."""

from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    from pointclip.clouds.load import load_cloud

__all__ = ["load_cloud"]


def __getattr__(name: str) -> Any:
    if name == "load_cloud":
        from pointclip.clouds.load import load_cloud

        return load_cloud
    raise AttributeError(f"module 'pointclip.clouds' has no attribute '{name}'")
