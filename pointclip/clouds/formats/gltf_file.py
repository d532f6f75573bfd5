"""The container of glTF 2.0: GLB, or JSON with its buffers inside or beside it."""

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np

from pointclip.clouds.budget import BUDGET
from pointclip.core.errors import UserError


TYPES = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
JSON_CHUNK, BINARY_CHUNK = 0x4E4F534A, 0x004E4942


class GltfFile:
    """The JSON of a glTF and the data that it refers to."""

    def __init__(self, path: Path) -> None:
        data = path.read_bytes()
        self.folder, self.files = path.parent, dict[Path, bytes]()
        self.binary: bytes | None = None
        if data[:4] == b"glTF":
            data = self._chunks(data)
        elif path.suffix.lower() == ".glb":
            raise UserError("it does not begin with 'glTF'")
        self.json: dict[str, Any] = json.loads(data)
        needed = self.json.get("extensionsRequired", [])
        if hard := [name for name in needed if name != "KHR_mesh_quantization"]:
            raise UserError(f"it needs the extension {str(hard[0])[:60]}: save it without")
        self.buffers = [self._buffer(b) for b in self.json.get("buffers", [])]

    def _chunks(self, data: bytes) -> bytes:
        description, at = b"", 12
        while at + 8 <= len(data):
            length, kind = np.frombuffer(data, "<u4", 2, at).tolist()
            chunk = data[at + 8 : at + 8 + length]
            if len(chunk) < length:
                raise UserError("it is cut short")
            if kind == JSON_CHUNK and not description:
                description = chunk
            elif kind == BINARY_CHUNK and self.binary is None:
                self.binary = chunk
            at += 8 + length
        return description

    def _buffer(self, buffer: dict[str, Any]) -> bytes:
        uri = buffer.get("uri")
        return (self.binary or b"") if uri is None else self._resource(uri)

    def _resource(self, uri: str) -> bytes:
        if uri.startswith("data:"):
            return base64.b64decode(uri.partition(",")[2], validate=True)
        path = (self.folder / unquote(uri)).resolve()
        if ":" in uri or not path.is_relative_to(self.folder.resolve()):
            raise UserError(f"it refers to '{uri[:60]}', outside of its folder")
        if not path.is_file():
            raise UserError(f"it refers to '{uri[:60]}', which is no file")
        if path not in self.files:
            BUDGET.add(path.stat().st_size)
            self.files[path] = path.read_bytes()
        return self.files[path]

    def array(self, number: int) -> np.ndarray:
        """Accessor `number`: rows of numbers, normalised integers as floats."""
        accessor = self.json["accessors"][number]
        if "sparse" in accessor or "bufferView" not in accessor:
            raise UserError("it has arrays without data of their own, which are not read here")
        dtype, width = np.dtype(TYPES[accessor["componentType"]]), WIDTHS[accessor["type"]]
        view = self.json["bufferViews"][accessor["bufferView"]]
        data = self.buffers[view["buffer"]]
        start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
        count, stride = accessor["count"], view.get("byteStride", dtype.itemsize * width)
        numbers = (start, count, stride)
        if (
            not all(isinstance(n, int) and n >= 0 for n in numbers)
            or stride < dtype.itemsize * width
        ):
            raise UserError("its arrays have impossible sizes")
        if count and start + (count - 1) * stride + dtype.itemsize * width > len(data):
            raise UserError("its arrays are longer than its data")
        found = np.ndarray((count, width), dtype, data, start, (stride, dtype.itemsize))
        if accessor.get("normalized") and dtype.kind in "iu":
            return np.maximum(found / np.iinfo(dtype).max, -1.0)
        return found

    def image(self, texture: int) -> bytes:
        """The file of a texture's image."""
        image = self.json["images"][self.json["textures"][texture]["source"]]
        if "uri" in image:
            return self._resource(image["uri"])
        view = self.json["bufferViews"][image["bufferView"]]
        start = view.get("byteOffset", 0)
        return self.buffers[view["buffer"]][start : start + view["byteLength"]]
