"""Colours of points: in 0..1, as screens show them (sRGB)."""

import numpy as np
from jaxtyping import Float


# The colour of points without one, as the 3D encoders of `encoders.point` were trained: half of
# their training clouds had it in place of their own.
GREY = 0.4
GREY_BYTE = 102  # of 255
NAMES = (
    ("red", "green", "blue"),
    ("r", "g", "b"),
    ("diffuse_red", "diffuse_green", "diffuse_blue"),
)


def color_columns(names: list[str]) -> list[int]:
    """Which of some columns hold red, green and blue; none where they have no such names."""
    lower = [name.lower() for name in names]
    found = next((some for some in NAMES if set(some) <= set(lower)), ())
    return [lower.index(name) for name in found]


def unit_colors(
    raw: Float[np.ndarray, "point 3"] | None, largest: float | None = None
) -> Float[np.ndarray, "point 3"] | None:
    """Colours as a file holds them, scaled to 0..1; what is no number becomes grey.

    None if there are none, or if all are black: then the file has room for colours, and no colours.

    Args:
        largest: what a file holds for 1; None tells it from the colours, of 1, 255 and 65,535.
    """
    if raw is None or not len(raw):
        return None
    top = np.nanmax(raw, initial=0)
    if not top > 0:
        return None
    if largest is None:
        largest = next((limit for limit in (1, 255, 65535) if top <= limit), top)
    return np.clip(np.nan_to_num(raw / largest, nan=GREY), 0, 1)


def to_linear(colors: Float[np.ndarray, "*point 3"]) -> Float[np.ndarray, "*point 3"]:
    """From sRGB to amounts of light (IEC 61966-2-1)."""
    return np.where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4)


def to_srgb(light: Float[np.ndarray, "*point 3"]) -> Float[np.ndarray, "*point 3"]:
    """From amounts of light in 0..1 to sRGB."""
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
