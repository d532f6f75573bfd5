"""The colours of a glTF: of vertices, materials and textures."""

import io
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float, Integer, UInt8

from pointclip.clouds.colors import to_linear, to_srgb


log = logging.getLogger(__name__)
# A texture of 8,192 x 8,192 texels takes 200 MB.
MAX_TEXELS = 1 << 26


@dataclass
class Surface:
    """How one primitive is coloured: light of its vertices, and a texture to multiply it with."""

    light: Float[np.ndarray, "vertex 3"]
    uv: Float[np.ndarray, "vertex 2"]
    read_image: Callable[[], bytes] | None = None  # of the texture, called when it is needed


@dataclass
class GltfPaint:
    """The colours of all primitives of a scene, put together in the order of `add`.

    Called with numbers of triangles and weights of their corners, as `mesh.Paint` says. The base
    colour of a material is multiplied with that of the vertices and the texture's nearest texel;
    extensions that change materials or textures are not looked at.
    """

    surfaces: list[Surface] = field(default_factory=list)
    triangles: list[Integer[np.ndarray, "_triangle 3"]] = field(default_factory=list)

    def __call__(
        self, number: Integer[np.ndarray, "sample"], weights: Float[np.ndarray, "sample 3"]
    ) -> Float[np.ndarray, "sample 3"]:
        ends = np.cumsum([len(triangles) for triangles in self.triangles])
        owner = np.searchsorted(ends, number, side="right")
        colors = np.empty((len(number), 3))
        for i in np.unique(owner):
            rows = owner == i
            surface, triangles = self.surfaces[i], self.triangles[i]
            corners = triangles[number[rows] - (ends[i] - len(triangles))]
            light = np.einsum("sc,scx->sx", weights[rows], surface.light[corners])
            image = None if surface.read_image is None else read_image(surface.read_image)
            if image is not None:
                uv = np.einsum("sc,scx->sx", weights[rows], surface.uv[corners])
                light = light * to_linear(nearest_texels(image, uv))
            colors[rows] = to_srgb(light)
        return colors


def read_image(read: Callable[[], bytes]) -> UInt8[np.ndarray, "row column 3"] | None:
    """A PNG or JPEG; None, with a warning, if it cannot be read."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(read()), formats=("PNG", "JPEG")) as image:
            if image.width * image.height > MAX_TEXELS:
                raise ValueError(f"it has {image.width} x {image.height} texels")
            return np.asarray(image.convert("RGB"))
    except Exception as error:
        log.warning("has a texture that cannot be read (%s): colours are without it", error)
        return None


def nearest_texels(
    image: UInt8[np.ndarray, "row column 3"], uv: Float[np.ndarray, "sample 2"]
) -> Float[np.ndarray, "sample 3"]:
    """Texels in 0..1; textures repeat beyond 0..1, and (0, 0) is the upper left corner."""
    height, width = image.shape[:2]
    share = np.nan_to_num(uv) % 1.0
    column = np.minimum((share[:, 0] * width).astype(int), width - 1)
    row = np.minimum((share[:, 1] * height).astype(int), height - 1)
    return image[row, column] / 255


def base_color(material: dict[str, Any]) -> tuple[Float[np.ndarray, "3"], dict[str, Any]]:
    """The factor of a material's base colour (light), and what it says of its texture."""
    look = material.get("pbrMetallicRoughness", {})
    factor = np.array(look.get("baseColorFactor", (1, 1, 1, 1))[:3], np.float64)
    return np.clip(factor, 0, 1), look.get("baseColorTexture", {})
