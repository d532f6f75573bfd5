"""Read Sweet Home 3D's furniture out of its Debian package: catalogs, authors and meshes.

A .deb is an `ar` archive around a tar file; in it lie five `.sh3f` libraries, each a zip with OBJ
models and a Java properties file. Everything is read in memory, so that the recipe needs neither
dpkg nor a scratch folder.
"""

import hashlib
import io
import re
import tarfile
import zipfile
from pathlib import Path

import numpy as np
from polygons import split_polygons


CATALOG = "PluginFurnitureCatalog.properties"
BLEND_TITLE = re.compile(r'Thank you for downloading "(.+?)" by (.+)')


def open_libraries(package: Path) -> dict[str, zipfile.ZipFile]:
    """The package's libraries by name (`Scopia`, …), sorted."""
    libraries = {}
    with tarfile.open(fileobj=io.BytesIO(_data_member(package)), mode="r:*") as data:
        for member in data.getmembers():
            if member.name.endswith(".sh3f"):
                content = data.extractfile(member).read()
                libraries[Path(member.name).stem] = zipfile.ZipFile(io.BytesIO(content))
    if not libraries:
        raise SystemExit(
            f"{package} holds no .sh3f library; expected Debian's sweethome3d-furniture package."
        )
    return dict(sorted(libraries.items()))


def check_package(package: Path, sha256: str) -> None:
    """See that the package is the one that the recipe was made for."""
    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    if digest != sha256:
        raise SystemExit(f"{package} has SHA-256 {digest}, but the recipe was made for {sha256}.")


def _data_member(package: Path) -> bytes:
    """The `data.tar.*` member of a Debian package."""
    content = package.read_bytes()
    if not content.startswith(b"!<arch>\n"):
        raise SystemExit(f"{package} is not a Debian package (no ar signature).")
    start = 8
    while start < len(content):
        name, size = (
            content[start : start + 16].decode().strip(),
            int(content[start + 48 : start + 58]),
        )
        if name.startswith("data.tar"):
            return content[start + 60 : start + 60 + size]
        start += 60 + size + size % 2  # members are aligned to two bytes
    raise SystemExit(f"{package} has no data.tar member.")


def read_catalog(library: zipfile.ZipFile) -> dict[str, dict[str, str]]:
    """The catalog's rows by model id, the part after `#` in `Scopia#bed1`."""
    rows: dict[str, dict[str, str]] = {}
    for line in library.read(CATALOG).decode("latin-1").splitlines():
        if match := re.match(r"(\w+)#(\d+)=(.*)", line):
            value = re.sub(
                r"\\u([0-9a-fA-F]{4})", lambda code: chr(int(code[1], 16)), match[3].strip()
            )
            rows.setdefault(match[2], {})[match[1]] = value
    return {row["id"].split("#")[1]: row for row in rows.values()}


def read_title(library: zipfile.ZipFile, row: dict[str, str]) -> tuple[str, str]:
    """Title and author as the work's own licence file spells them, else as the catalog does."""
    folder = row["model"].lstrip("/").rsplit("/", 1)[0]
    for name in library.namelist():
        if not (name.startswith(folder + "/") and name.endswith("LICENSE.txt")):
            continue
        if match := BLEND_TITLE.search(library.read(name).decode("utf-8", "replace")):
            author = match[2].strip(" ,\r")
            if author.lower() != row["creator"].lower():
                author += f" (catalog: {row['creator']})"
            return match[1].strip(), author
    return row.get("name", ""), row["creator"]


def read_mesh(library: zipfile.ZipFile, row: dict[str, str], panes: bool = True) -> np.ndarray:
    """Triangles (T, 3, 3) of a model as it stands in a room: turned, then stretched to its size.

    Sweet Home 3D does the same: `modelRotation` first, then the bounding box takes the catalog's
    width, height and depth (x, y, z; y is up). With `panes=False` the see-through faces are left
    out at the very end.
    """
    triangles, names = read_named_mesh(library, row)
    if panes:
        return triangles
    path = row["model"].lstrip("/")
    glass = _see_through(library.read(path.replace(".obj", ".mtl")).decode("latin-1"))
    return triangles[~np.isin(names[:, 2], glass)]


def read_named_mesh(library: zipfile.ZipFile, row: dict[str, str]) -> tuple[np.ndarray, np.ndarray]:
    """The triangles (T, 3, 3) of `read_mesh`, and object, group and material of each (T, 3)."""
    path = row["model"].lstrip("/")
    triangles, names = read_obj(library.read(path).decode("latin-1"))
    if "modelRotation" in row:
        triangles = triangles @ np.array(row["modelRotation"].split(), float).reshape(3, 3).T
    low, high = triangles.min((0, 1)), triangles.max((0, 1))
    size = np.array([float(row[side]) for side in ("width", "height", "depth")])
    extent = high - low
    flat = extent < 1e-9 * extent.max()  # a rug without thickness keeps its plane
    triangles = (triangles - (low + high) / 2) * np.where(flat, 1, size / np.where(flat, 1, extent))
    return triangles, names


def _see_through(text: str) -> list[str]:
    """Names of the materials of an MTL file through which one sees (opacity `d` below 0.8)."""
    pairs = re.findall(r"^[ \t]*newmtl[ \t]+(\S+)|^[ \t]*d[ \t]+(\S+)", text, re.MULTILINE)
    names, material = [], ""
    for name, opacity in pairs:
        material = name or material
        if opacity and float(opacity) < 0.8:
            names.append(material)
    return names


def read_obj(text: str) -> tuple[np.ndarray, np.ndarray]:
    """The faces of an OBJ file as triangles (T, 3, 3); object, group, material of each (T, 3)."""
    vertices: list[list[float]] = []
    faces: dict[int, list[list[int]]] = {}  # by number of corners, to be split in one go
    names: dict[int, list[tuple[str, ...]]] = {}
    current = {"o": "", "g": "", "usemtl": ""}
    for line in text.replace("\\\n", " ").splitlines():
        words = line.split()
        if not words:
            continue
        if words[0] == "v":
            vertices.append([float(word) for word in words[1:4]])
        elif words[0] == "usemtl":
            current["usemtl"] = words[1]
        elif words[0] in current:
            current[words[0]] = " ".join(words[1:])
        elif words[0] == "f" and len(words) > 3:
            corners = [int(word.split("/")[0]) for word in words[1:]]
            corners = [corner - 1 if corner > 0 else len(vertices) + corner for corner in corners]
            faces.setdefault(len(corners), []).append(corners)
            names.setdefault(len(corners), []).append(tuple(current.values()))
    points = np.array(vertices)
    triangles = [
        split_polygons(points[np.array(faces[count])]).reshape(-1, 3, 3) for count in sorted(faces)
    ]
    repeated = [np.repeat(names[count], count - 2, axis=0) for count in sorted(faces)]
    return np.concatenate(triangles), np.concatenate(repeated)
