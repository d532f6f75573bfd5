"""The scene of a glTF 2.0.

Read here and not by trimesh 5.2 (measured): it reads sparse arrays and arrays behind an extension
that the file requires as zeros, normalised integers as they are, triangle fans and files without
scenes as nothing, all without a word; and 1.5 million children of a node take it 12 s and 2 GB.
"""

import logging
from collections import deque
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int64

from pointclip.clouds.colors import to_srgb
from pointclip.clouds.formats.gltf_file import GltfFile
from pointclip.clouds.formats.gltf_paint import GltfPaint, Surface, base_color
from pointclip.clouds.mesh import Mesh, Scan
from pointclip.core.errors import UserError


log = logging.getLogger(__name__)
PLACE = {"matrix", "translation", "rotation", "scale"}
POINTS, TRIANGLES, STRIP, FAN = 0, 4, 5, 6


def read_gltf(path: Path, index: int, rng: np.random.Generator) -> Mesh | Scan:
    """All triangles of the scene in its own coordinates (y up), or its points if it has none."""
    scene = _Scene(path)
    parts = scene.parts()
    meshes = [part for part in parts if part.triangles is not None]
    if not meshes:
        points = np.concatenate([np.empty((0, 3)), *(part.points for part in parts)])
        light = [part.surface.light for part in parts]
        return Scan(points, to_srgb(np.concatenate(light)) if scene.colored else None)
    starts = np.cumsum([0, *(len(part.points) for part in meshes)])
    triangles = [part.triangles for part in meshes if part.triangles is not None]
    paint = GltfPaint([part.surface for part in meshes], triangles)
    return Mesh(
        np.concatenate([part.points for part in meshes]),
        np.concatenate([t + start for t, start in zip(triangles, starts[:-1], strict=True)]),
        paint if scene.colored else None,
    )


@dataclass
class _Part:
    """A primitive: its points, how they are coloured, and its triangles if it has any."""

    points: Float[np.ndarray, "point 3"]
    surface: Surface
    triangles: Int64[np.ndarray, "triangle 3"] | None = None


class _Scene:
    def __init__(self, path: Path) -> None:
        self.file = GltfFile(path)
        self.colored = False  # whether any part has a colour of its own

    def parts(self) -> list[_Part]:
        """The primitives of the scene, each moved to where its node is."""
        nodes = self.file.json.get("nodes", [])
        scenes = self.file.json.get("scenes")
        roots = (
            scenes[self.file.json.get("scene", 0)].get("nodes", []) if scenes else range(len(nodes))
        )
        found: list[_Part] = []
        waiting = deque((node, np.eye(4)) for node in roots)
        seen: set[int] = set()
        while waiting:
            number, above = waiting.popleft()
            if number in seen:  # a tree by the standard, so this ends what is a loop
                continue
            seen.add(number)
            node = nodes[number]
            place = above @ _matrix(node) if node.keys() & PLACE else above
            waiting.extend((child, place) for child in node.get("children", []))
            if "mesh" in node:
                for primitive in self.file.json["meshes"][node["mesh"]]["primitives"]:
                    found += self._primitive(primitive, place)
        return found

    def _primitive(self, primitive: dict[str, Any], place: np.ndarray) -> list[_Part]:
        mode = primitive.get("mode", TRIANGLES)
        if mode not in (POINTS, TRIANGLES, STRIP, FAN):
            return []
        points = self.file.array(primitive["attributes"]["POSITION"]).astype(np.float64)
        if points.shape[1:] != (3,):
            raise UserError("its positions are not three numbers each")
        points = points @ place[:3, :3].T + place[:3, 3]
        try:
            surface = self._surface(primitive, len(points))
        except Exception as error:  # the points are there, and colours are not always asked for
            log.warning("has colours that cannot be read (%s): they are left out", error)
            surface = Surface(np.ones((len(points), 3)), np.zeros((len(points), 2)))
        if mode == POINTS:
            return [_Part(points, surface)]
        corners = np.arange(len(points))
        if "indices" in primitive:
            corners = self.file.array(primitive["indices"]).reshape(-1).astype(np.int64)
        if mode == TRIANGLES:
            return [_Part(points, surface, corners[: len(corners) // 3 * 3].reshape(-1, 3))]
        first = np.broadcast_to(corners[:1], corners[2:].shape) if mode == FAN else corners[:-2]
        return [_Part(points, surface, np.stack([first, corners[1:-1], corners[2:]], 1))]

    def _surface(self, primitive: dict[str, Any], count: int) -> Surface:
        """The colours of a primitive; white where nothing is said of them."""
        attributes, uv, read_image = primitive["attributes"], np.zeros((count, 2)), None
        material = (
            self.file.json["materials"][primitive["material"]] if "material" in primitive else {}
        )
        factor, texture = base_color(material)
        light = np.broadcast_to(factor, (count, 3))
        if "COLOR_0" in attributes:
            light = light * self._attribute(attributes["COLOR_0"], count)[:, :3]
        name = f"TEXCOORD_{texture.get('texCoord', 0)}"
        if texture and name in attributes:
            uv = self._attribute(attributes[name], count)[:, :2]
            read_image = partial(self.file.image, texture["index"])
        self.colored |= "COLOR_0" in attributes or read_image is not None or factor.min() < 1
        return Surface(light, uv, read_image)

    def _attribute(self, number: int, count: int) -> Float[np.ndarray, "vertex column"]:
        found = self.file.array(number)
        if len(found) != count:
            raise UserError("it has another number of colours than of points")
        return found.astype(np.float64)


def _matrix(node: dict[str, Any]) -> np.ndarray:
    if "matrix" in node:
        return np.array(node["matrix"], np.float64).reshape(4, 4).T
    x, y, z, w = (float(v) for v in node.get("rotation", (0, 0, 0, 1)))
    rotation = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    matrix = np.eye(4)
    matrix[:3, :3] = rotation * np.array(node.get("scale", (1, 1, 1)), np.float64)
    matrix[:3, 3] = np.array(node.get("translation", (0, 0, 0)), np.float64)
    return matrix
