import base64
import json
import struct

import numpy as np
import pytest
from cloud_files import BOX, gltf

from pointclip.clouds.formats.gltf import read_gltf
from pointclip.core.errors import UserError


SQUARE = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]], "<f4")


def scene(points, indices=None, mode=4, **change):
    """One primitive in one node; `points` may be integers, normalised."""
    rows = np.ascontiguousarray(points)
    data = rows.tobytes() + (b"" if indices is None else np.array(indices, "<u2").tobytes())
    kinds = {"f": 5126, "h": 5122, "B": 5121}
    accessors = [
        {
            **{"bufferView": 0, "componentType": kinds[rows.dtype.char], "type": "VEC3"},
            **{"count": len(rows), "normalized": rows.dtype.kind in "iu"},
        }
    ]
    primitive = {"attributes": {"POSITION": 0}, "mode": mode}
    if indices is not None:
        accessors.append(
            {"bufferView": 1, "componentType": 5123, "count": len(indices), "type": "SCALAR"}
        )
        primitive["indices"] = 1
    stride = rows.strides[0]
    content = {
        "asset": {"version": "2.0"},
        "buffers": [{"uri": "data:;base64," + base64.b64encode(data).decode()}],
        "bufferViews": [
            {"buffer": 0, "byteStride": stride},
            {"buffer": 0, "byteOffset": rows.nbytes},
        ],
        "accessors": accessors,
        "meshes": [{"primitives": [primitive]}],
        "nodes": [{"mesh": 0}],
    }
    return json.dumps(content | change).encode()


@pytest.fixture
def read(tmp_path):
    def read(content, name="a.gltf"):
        (tmp_path / name).write_bytes(content)
        return read_gltf(tmp_path / name, 0, np.random.default_rng(0))

    return read


@pytest.mark.parametrize(
    ("mode", "indices", "triangles"),
    [
        (4, [0, 1, 2, 3, 2, 1, 0], [[0, 1, 2], [3, 2, 1]]),
        (4, None, [[0, 1, 2]]),
        (5, [0, 1, 2, 3], [[0, 1, 2], [1, 2, 3]]),
        (6, [0, 1, 3, 2], [[0, 1, 3], [0, 3, 2]]),
    ],
)
def test_triangles_strips_and_fans_are_read(read, mode, indices, triangles):
    mesh = read(scene(SQUARE, indices, mode))
    np.testing.assert_array_equal(mesh.vertices, SQUARE)
    np.testing.assert_array_equal(mesh.triangles, triangles)


def test_points_alone_are_a_scan_and_lines_are_left_out(read):
    np.testing.assert_array_equal(read(scene(SQUARE, mode=0)).points, SQUARE)
    assert len(read(scene(SQUARE, mode=1)).points) == 0


def test_normalised_integers_are_fractions(read):
    points = np.array([[0, 0, 0], [32767, -32767, 16384], [-32768, 0, 1]], "<i2")
    vertices = read(scene(points, mode=0)).points
    np.testing.assert_allclose(vertices, np.maximum(points / 32767, -1))


def test_a_node_places_its_mesh_by_matrix_or_by_parts(read):
    half = 0.5**0.5
    parts = {"translation": [1, 2, 3], "rotation": [0, 0, half, half], "scale": [2, 1, 1]}
    matrix = [0, 2, 0, 0, -1, 0, 0, 0, 0, 0, 1, 0, 1, 2, 3, 1]
    expected = SQUARE @ np.array([[0, 2, 0], [-1, 0, 0], [0, 0, 1]]) + [1, 2, 3]
    for node in (parts, {"matrix": matrix}):
        found = read(scene(SQUARE, mode=0, nodes=[{"mesh": 0, **node}])).points
        np.testing.assert_allclose(found, expected, atol=1e-12)


def test_a_mesh_of_two_nodes_is_there_twice_and_a_node_of_no_scene_is_not(read):
    nodes = [{"mesh": 0}, {"mesh": 0, "translation": [9, 0, 0]}, {"mesh": 0}]
    content = scene(SQUARE, [0, 1, 2], nodes=nodes, scenes=[{}, {"nodes": [0, 1]}], scene=1)
    mesh = read(content)
    np.testing.assert_array_equal(mesh.triangles, [[0, 1, 2], [4, 5, 6]])
    assert mesh.vertices[:, 0].max() == 10


def test_buffers_lie_inside_beside_or_in_a_glb(read, tmp_path):
    content = json.loads(scene(SQUARE, [0, 1, 2]))
    data = base64.b64decode(content["buffers"][0]["uri"].partition(",")[2])
    expected = read(json.dumps(content).encode()).vertices
    (tmp_path / "b c.bin").write_bytes(data)
    content["buffers"] = [{"uri": "b%20c.bin"}]
    np.testing.assert_array_equal(read(json.dumps(content).encode()).vertices, expected)
    content["buffers"] = [{"byteLength": len(data)}]
    text = json.dumps(content).encode()
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text
    chunks += struct.pack("<II", 3, 0x12345678) + b"abc"  # of a kind that is not known
    chunks += struct.pack("<II", len(data), 0x004E4942) + data
    glb = b"glTF" + struct.pack("<II", 2, 12 + len(chunks)) + chunks
    np.testing.assert_array_equal(read(glb, "a.glb").vertices, expected)
    with pytest.raises(UserError, match="cut short"):
        read(glb[:-1], "a.glb")


def test_nothing_outside_of_the_folder_is_read(read, tmp_path):
    outside = tmp_path.parent / "outside.bin"
    outside.write_bytes(bytes(1000))
    (tmp_path / "link.bin").symlink_to(outside)
    (tmp_path / "folder").mkdir()
    for uri, reason in {
        "../outside.bin": "outside of its folder",
        "%2e%2e/outside.bin": "outside of its folder",
        str(outside): "outside of its folder",
        f"file://{outside}": "outside of its folder",
        "http://localhost/a.bin": "outside of its folder",
        "link.bin": "outside of its folder",
        "folder": "which is no file",
        "missing.bin": "which is no file",
    }.items():
        with pytest.raises(UserError, match=reason):
            read(scene(SQUARE, buffers=[{"uri": uri}]))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"extensionsRequired": ["KHR_draco_mesh_compression"]}, "needs the extension KHR_draco"),
        ({"bufferViews": [{"buffer": 0, "byteOffset": 1}]}, "longer than its data"),
        ({"bufferViews": [{"buffer": 0, "byteOffset": -1}]}, "impossible sizes"),
        ({"bufferViews": [{"buffer": 0, "byteStride": 1}]}, "impossible sizes"),
    ],
)
def test_what_would_be_read_as_other_points_is_refused(read, change, reason):
    with pytest.raises(UserError, match=reason):
        read(scene(SQUARE, **change))


def test_sparse_arrays_are_refused(read):
    content = json.loads(gltf(BOX))
    content["accessors"][0]["sparse"] = {"count": 1}
    with pytest.raises(UserError, match="without data of their own"):
        read(json.dumps(content).encode())
