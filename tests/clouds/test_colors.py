"""Colours of files: of points, of vertices between corners, of materials and textures."""

import h5py
import laspy
import numpy as np
import pytest
import trimesh
from cloud_files import POINTS, pcd_header, textured_gltf

from pointclip.clouds.colors import to_linear, to_srgb, unit_colors
from pointclip.clouds.load import load_cloud, load_colored_cloud


RGB = np.random.default_rng(1).integers(0, 256, (50, 3)).astype(np.uint8)


def rows(*columns, separator=" "):
    table = np.hstack([np.asarray(c, np.float64).reshape(50, -1) for c in columns])
    return "".join(separator.join(f"{v:.17g}" for v in row) + "\n" for row in table).encode()


def ply(order):
    kind = {"": "ascii", "<": "binary_little_endian", ">": "binary_big_endian"}[order]
    header = f"ply\nformat {kind} 1.0\nelement vertex 50\n"
    header += "".join(f"property float {a}\n" for a in "xyz")
    header += "".join(f"property uchar {c}\n" for c in ("red", "green", "blue")) + "end_header\n"
    if not order:
        return header.encode() + rows(POINTS, RGB)
    table = np.rec.fromarrays([*POINTS.T, *RGB.T])
    types = [*((a, f"{order}f4") for a in "xyz"), *((c, "u1") for c in "rgb")]
    return header.encode() + table.astype(types).tobytes()


def pcd(_):
    packed = (RGB.astype(np.uint32) << [16, 8, 0]).sum(1).astype("<u4")
    return pcd_header(50, "binary") + np.rec.fromarrays([*POINTS.T, packed]).tobytes()


def las(path, scale):
    file = laspy.create(point_format=3, file_version="1.2")
    file.header.scales = [1e-4] * 3
    file.x, file.y, file.z = POINTS.T.astype(np.float64)
    file.red, file.green, file.blue = RGB.T.astype(np.uint16) * scale
    file.write(path)


def h5(path):
    with h5py.File(path, "w") as f:
        f["test/points"] = np.stack([POINTS + 1, POINTS])
        f["test/colors"] = np.stack([RGB + 1, RGB])


FILES = {
    "ascii.ply": ply(""),
    "little.ply": ply("<"),
    "big.ply": ply(">"),
    "packed.pcd": pcd(""),
    "sixteen.las": lambda path: las(path, 257),
    "eight.laz": lambda path: las(path, 1),
    "named.csv": b"x,y,z,label,R,G,B\n" + rows(POINTS, np.zeros(50), RGB, separator=","),
    "unit.xyz": b"x y z red green blue\n" + rows(POINTS, RGB / 255),
    "points.obj": b"".join(b"v " + row + b"\n" for row in rows(POINTS, RGB / 255).splitlines()),
    "points.off": b"COFF\n50 0 0\n" + rows(POINTS, RGB, np.full(50, 255)),
    "some.npz": lambda path: np.savez(path, rgb=RGB / 255, points=POINTS),
    "some.h5": h5,
}


@pytest.mark.parametrize("name", FILES)
def test_colours_come_with_their_points(name, tmp_path):
    content, path = FILES[name], tmp_path / name
    content(path) if callable(content) else path.write_bytes(content)
    index = 1 if name.endswith(".h5") else 0
    points, colors = load_colored_cloud(path, index=index)
    np.testing.assert_allclose(points, POINTS, atol=1e-4)
    assert np.array_equal(colors, RGB)
    some, some_colors = load_colored_cloud(path, points=20, index=index)
    kept = [int(np.abs(POINTS - p).sum(1).argmin()) for p in some]
    assert np.array_equal(some_colors, RGB[kept])
    assert np.array_equal(load_cloud(path, points=20, index=index), some)


@pytest.mark.parametrize(
    "name, content",
    [
        ("plain.xyz", rows(POINTS)),
        ("six.xyz", rows(POINTS, RGB)),  # colours or normals: nothing says which
        ("black.ply", ply("").replace(rows(POINTS, RGB), rows(POINTS, RGB * 0))),
        ("plain.stl", trimesh.creation.box().export(file_type="stl")),
    ],
)
def test_files_without_colours_have_none(name, content, tmp_path):
    (tmp_path / name).write_bytes(content)
    assert load_colored_cloud(tmp_path / name)[1] is None


@pytest.mark.parametrize("suffix", ["ply", "obj", "off"])
def test_colours_of_a_mesh_lie_between_those_of_its_corners(suffix, tmp_path):
    """Red grows with x, green with y, and a face far outside has no area."""
    corners = [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]
    colors = [[0, 0, 51], [255, 0, 51], [255, 255, 51], [0, 255, 51]]
    if suffix == "ply":
        head = "ply\nformat ascii 1.0\nelement vertex 4\n"
        head += "".join(f"property float {a}\n" for a in "xyz")
        head += "".join(f"property uchar {c}\n" for c in ("red", "green", "blue"))
        head += "element face 2\nproperty list uchar int vertex_indices\nend_header\n"
        lines = [" ".join(map(str, p + c)) for p, c in zip(corners, colors, strict=True)]
        text = head + "\n".join([*lines, "3 0 1 2", "3 0 2 3", ""])
    elif suffix == "obj":
        lines = [
            " ".join(map(str, ["v", *p, *(v / 255 for v in c)]))
            for p, c in zip(corners, colors, strict=True)
        ]
        text = "\n".join([*lines, "f 1 2 3", "f 1 3 4", ""])
    else:
        lines = [" ".join(map(str, [*p, *c, 255])) for p, c in zip(corners, colors, strict=True)]
        text = "\n".join(["COFF", "4 2 0", *lines, "3 0 1 2", "3 0 2 3", ""])
    path = tmp_path / f"square.{suffix}"
    path.write_text(text)
    points, found = load_colored_cloud(path, points=500)
    expected = np.hstack([points[:, :2] * 255, np.full((500, 1), 51)])
    assert np.abs(found - expected).max() <= 1


def test_textures_and_materials_of_a_gltf(tmp_path):
    path = tmp_path / "squares.gltf"
    path.write_text(textured_gltf())
    points, colors = load_colored_cloud(path, points=600)
    x = points[:, 0]
    green = np.rint(255 * to_srgb(np.array([0, 0.5, 0])))
    assert np.array_equal(np.unique(colors[x < 0.5], axis=0), [[200, 0, 0]])
    assert np.array_equal(np.unique(colors[(x > 0.5) & (x < 1.5)], axis=0), [[0, 0, 100]])
    assert np.array_equal(np.unique(colors[x > 1.5], axis=0), [green])


@pytest.mark.parametrize(
    "change",
    [
        {"images": [{"uri": "../secret.png"}]},
        {"images": [{"bufferView": 0}]},
        {"textures": []},
    ],
    ids=["outside of the folder", "no picture", "missing"],
)
def test_a_texture_that_cannot_be_read_costs_no_points(change, tmp_path, caplog):
    path = tmp_path / "squares.gltf"
    path.write_text(textured_gltf(**change))
    points, colors = load_colored_cloud(path, points=300)
    assert "cannot be read" in caplog.text
    assert np.array_equal(np.unique(colors[points[:, 0] < 0.5], axis=0), [[255, 255, 255]])
    assert np.array_equal(load_cloud(path, points=300), points)


def test_scales_of_colours():
    ones = np.ones((2, 3))
    assert unit_colors(None) is None
    assert unit_colors(ones * 0) is None
    assert np.array_equal(unit_colors(ones * 0.5), ones * 0.5)
    assert np.array_equal(unit_colors(ones * 51), ones * 0.2)
    assert np.array_equal(unit_colors(ones * 65535), ones)
    assert np.array_equal(unit_colors(ones, 255.0), ones / 255)
    assert np.array_equal(unit_colors(np.array([[np.nan, -1, 1]])), [[0.4, 0, 1]])


def test_srgb_and_light_are_inverse():
    colors = np.linspace(0, 1, 300).reshape(-1, 3)
    np.testing.assert_allclose(to_srgb(to_linear(colors)), colors, atol=1e-6)
    np.testing.assert_allclose(to_linear(np.full((1, 3), 0.5)), 0.2140, atol=1e-4)
