"""Frozen image-text models. Lazy, so that a light import stays light."""

from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    from pointclip.encoders.encoder import load_encoder

__all__ = ["load_encoder"]


def __getattr__(name: str) -> Any:
    if name == "load_encoder":
        from pointclip.encoders.encoder import load_encoder

        return load_encoder
    raise AttributeError(f"module 'pointclip.encoders' has no attribute '{name}'")
