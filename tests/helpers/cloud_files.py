"""Clouds and meshes written in every format."""

import base64
import io
import json
import struct

import h5py
import laspy
import numpy as np
import trimesh
from PIL import Image


POINTS = np.random.default_rng(0).normal(size=(50, 3)).round(4).astype(np.float32)
BOX = trimesh.creation.box((1.0, 2.0, 4.0))


def pcd_header(points, data):
    return (
        "# .PCD v0.7\nVERSION 0.7\nFIELDS x y z rgb\nSIZE 4 4 4 4\nTYPE F F F U\nCOUNT 1 1 1 1\n"
        f"WIDTH {points}\nHEIGHT 1\nVIEWPOINT 0 0 0 1 0 0 0\nPOINTS {points}\nDATA {data}\n"
    ).encode()


def pcd(kind):
    rgb = np.zeros(len(POINTS), "<u4")
    if kind == "ascii":
        return pcd_header(50, kind) + lines(" ").replace(b"\n", b" 0\n") + b" 0"
    if kind == "binary":
        rows = np.rec.fromarrays([*POINTS.T, rgb])
        return pcd_header(50, kind) + rows.tobytes()
    columns = b"".join(np.ascontiguousarray(c).tobytes() for c in [*POINTS.T, rgb])
    # LZF without repetition: runs of up to 32 bytes, each after its length.
    runs = [columns[i : i + 32] for i in range(0, len(columns), 32)]
    packed = b"".join(bytes([len(run) - 1]) + run for run in runs)
    sizes = struct.pack("<II", len(packed), len(columns))
    return pcd_header(50, "binary_compressed") + sizes + packed


def ply(order, extra=""):
    kind = {"": "ascii", "<": "binary_little_endian", ">": "binary_big_endian"}[order]
    header = (
        f"ply\nformat {kind} 1.0\ncomment made here\nelement vertex 50\nproperty uchar red\n"
        f"property float x\nproperty float y\nproperty float z\n{extra}end_header\n"
    ).encode()
    if not order:
        return header + b"7 " + lines(" ").replace(b"\n", b"\n7 ")
    rows = np.rec.fromarrays([np.zeros(50, "u1"), *POINTS.T])
    return header + rows.astype([("r", "u1"), *((a, f"{order}f4") for a in "xyz")]).tobytes()


def lines(separator, header=""):
    return (header + "\n".join(separator.join(map(repr, p.tolist())) for p in POINTS)).encode()


def write_h5(path):
    with h5py.File(path, "w") as f:
        f["label"] = np.zeros(3)
        f["data"] = np.stack([POINTS + 1, POINTS, POINTS - 1])


def write_las(path, point_format=3, version="1.2"):
    las = laspy.create(point_format=point_format, file_version=version)
    las.header.scales = [1e-4] * 3
    las.x, las.y, las.z = POINTS.T.astype(np.float64)
    las.write(path)


CLOUDS = {
    "spaces.xyz": lines(" "),
    "comma.csv": lines(",", "x,y,z\n"),
    "semicolon.txt": lines(";", "# a scan\n"),
    "count.pts": lines(" ", "50\n"),
    "named.csv": b"id,z,y,x\n"
    + "\n".join(f"{i},{z!r},{y!r},{x!r}" for i, (x, y, z) in enumerate(POINTS.tolist())).encode(),
    "ascii.ply": ply(""),
    "little.ply": ply("<"),
    "big.PLY": ply(">"),
    "text.pcd": pcd("ascii"),
    "binary.pcd": pcd("binary"),
    "packed.pcd": pcd("binary_compressed"),
    "points.obj": lines(" ", "v ").replace(b"\n", b"\nv "),
    "points.off": lines(" ", "OFF\n50 0 0\n"),
    "a.npy": lambda path: np.save(path, POINTS),
    "wide.npy": lambda path: np.save(path, np.hstack([POINTS, POINTS]).astype(np.float64)),
    "fortran.npy": lambda path: np.save(path, np.asfortranarray(POINTS)),
    "a.npz": lambda path: np.savez(path, label=np.zeros((5, 3)), points=POINTS),
    "packed.npz": lambda path: np.savez_compressed(path, np.asfortranarray(POINTS)),
    "a.las": write_las,
    "a.laz": write_las,
    "layered.laz": lambda path: write_las(path, 6, "1.4"),
}


def write(path, content):
    content(path) if callable(content) else path.write_bytes(content)
    return path


def gltf(mesh, **change):
    """A glTF with its data inside, moved by a node: as others than trimesh write it."""
    points, faces = mesh.vertices.astype("<f4").tobytes(), mesh.faces.astype("<u2").tobytes()
    data = base64.b64encode(points + faces).decode()
    views = [
        {"buffer": 0, "byteLength": len(points)},
        {"buffer": 0, "byteOffset": len(points), "byteLength": len(faces)},
    ]
    accessors = [
        {"bufferView": 0, "componentType": 5126, "count": len(mesh.vertices), "type": "VEC3"},
        {"bufferView": 1, "componentType": 5123, "count": mesh.faces.size, "type": "SCALAR"},
    ]
    half = 0.5**0.5
    content = {
        "asset": {"version": "2.0"},
        "buffers": [{"uri": f"data:application/octet-stream;base64,{data}"}],
        "bufferViews": views,
        "accessors": accessors,
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1}]}],
        "nodes": [
            {"children": [1], "rotation": [0, half, 0, half]},
            {"mesh": 0, "translation": [5, 0, 0], "scale": [1, 1, 2]},
        ],
        "scenes": [{"nodes": [0]}],
        "scene": 0,
    }
    return json.dumps(content | change).encode()


def textured_gltf(**change):
    """A square whose left half is red and whose right half is blue, beside a green one."""
    square = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], "<f4")
    uv = np.array([[0, 1], [1, 1], [1, 0], [0, 0]], "<f4")
    faces = np.array([[0, 1, 2], [0, 2, 3]], "<u2")
    image = np.zeros((4, 8, 3), np.uint8)
    image[:, :4, 0], image[:, 4:, 2] = 200, 100
    picture = io.BytesIO()
    Image.fromarray(image).save(picture, "PNG")
    parts = [square.tobytes(), uv.tobytes(), faces.tobytes(), picture.getvalue()]
    starts = np.cumsum([0, *map(len, parts)]).tolist()
    data = base64.b64encode(b"".join(parts)).decode()
    content = {
        "asset": {"version": "2.0"},
        "buffers": [{"uri": f"data:application/octet-stream;base64,{data}"}],
        "bufferViews": [
            {"buffer": 0, "byteOffset": start, "byteLength": len(part)}
            for start, part in zip(starts, parts, strict=False)
        ],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 4, "type": "VEC3"},
            {"bufferView": 1, "componentType": 5126, "count": 4, "type": "VEC2"},
            {"bufferView": 2, "componentType": 5123, "count": 6, "type": "SCALAR"},
        ],
        "images": [{"bufferView": 3, "mimeType": "image/png"}],
        "textures": [{"source": 0}],
        "materials": [
            {"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}},
            {"pbrMetallicRoughness": {"baseColorFactor": [0, 0.5, 0, 1]}},
        ],
        "meshes": [
            {
                "primitives": [
                    {"attributes": {"POSITION": 0, "TEXCOORD_0": 1}, "indices": 2, "material": 0}
                ]
            },
            {"primitives": [{"attributes": {"POSITION": 0}, "indices": 2, "material": 1}]},
        ],
        "nodes": [{"mesh": 0}, {"mesh": 1, "translation": [2, 0, 0]}],
        "scenes": [{"nodes": [0, 1]}],
    }
    return json.dumps(content | change)


# A good file of every format, to be changed by `mutate`.
GOOD = {
    **CLOUDS,
    "a.h5": write_h5,
    "box.off": BOX.export(file_type="off").encode(),
    "box.obj": BOX.export(file_type="obj").encode(),
    "box.stl": BOX.export(file_type="stl"),
    "ascii.stl": BOX.export(file_type="stl_ascii").encode(),
    "box.ply": BOX.export(file_type="ply"),
    "face.ply": trimesh.exchange.ply.export_ply(BOX, encoding="ascii"),
    "box.glb": BOX.export(file_type="glb"),
    "box.gltf": gltf(BOX),
    "textured.gltf": textured_gltf().encode(),
}
