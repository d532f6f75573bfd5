import os
import pickle
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
import trimesh
from cloud_files import BOX, CLOUDS, POINTS, gltf, pcd_header, ply, write, write_h5, write_las

from pointclip.clouds.load import SUFFIXES, load_cloud, normalise
from pointclip.core.errors import UserError


@pytest.mark.parametrize("name", CLOUDS)
def test_points_come_as_they_are_in_every_format(tmp_path, name):
    cloud = load_cloud(write(tmp_path / name, CLOUDS[name]))
    assert cloud.dtype == np.float32
    np.testing.assert_allclose(cloud, POINTS, atol=1e-4)


def test_one_cloud_of_several_in_a_file_is_picked_by_its_index(tmp_path):
    write_h5(tmp_path / "a.h5")
    np.testing.assert_array_equal(load_cloud(tmp_path / "a.h5#1"), POINTS)
    np.testing.assert_array_equal(load_cloud(tmp_path / "a.h5", index=2), POINTS - 1)
    with pytest.raises(UserError, match="it holds 3 clouds, so there is no cloud 3"):
        load_cloud(tmp_path / "a.h5#3")
    np.save(tmp_path / "a.npy", np.stack([POINTS, POINTS + 1]))
    np.testing.assert_array_equal(load_cloud(tmp_path / "a.npy#1"), POINTS + 1)
    np.savez(tmp_path / "a.npz", np.stack([POINTS, POINTS + 1]))
    np.testing.assert_array_equal(load_cloud(tmp_path / "a.npz#1"), POINTS + 1)
    (tmp_path / "b.npy#1").write_bytes(b"")
    with pytest.raises(UserError, match="no suffix"):
        load_cloud(tmp_path / "b.npy#1")


@pytest.mark.parametrize("suffix", ["off", "obj", "stl", "stl_ascii", "ply", "ascii.ply", "glb"])
def test_meshes_are_sampled_evenly_over_their_area(tmp_path, suffix):
    if suffix == "ascii.ply":
        data = trimesh.exchange.ply.export_ply(BOX, encoding="ascii")
    else:
        data = BOX.export(file_type=suffix)
    path = tmp_path / f"box.{suffix.removesuffix('_ascii')}"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    cloud = load_cloud(path, 4000)
    assert cloud.shape == (4000, 3)
    np.testing.assert_allclose(np.abs(cloud).max(0), [0.5, 1, 2], atol=1e-6)
    on_side = np.isclose(np.abs(cloud), [0.5, 1, 2], atol=1e-6)
    assert on_side.any(1).all()
    # The sides' areas are 16, 8 and 4 of 28.
    np.testing.assert_allclose(on_side.mean(0), [16 / 28, 8 / 28, 4 / 28], atol=0.03)
    np.testing.assert_array_equal(load_cloud(path, 4000), cloud)
    assert not np.array_equal(load_cloud(path, 4000, seed=1), cloud)


def test_the_nodes_of_a_gltf_move_its_meshes(tmp_path):
    (tmp_path / "a.gltf").write_bytes(gltf(BOX))
    cloud = load_cloud(tmp_path / "a.gltf", 2000)
    # Scaled to 1 x 2 x 8, moved by 5 along x, then turned by 90 degrees about y: x goes to -z.
    np.testing.assert_allclose(cloud.min(0), [-4, -1, -5.5], atol=0.05)
    np.testing.assert_allclose(cloud.max(0), [4, 1, -4.5], atol=0.05)


def test_polygons_of_any_size_are_split_into_triangles(tmp_path):
    square = "0 0 0\n2 0 0\n2 1 0\n0 1 0\n"
    off, obj = tmp_path / "a.off", tmp_path / "a.obj"
    off.write_text(f"OFF4 2 0\n{square}4 0 1 2 3\n3 0 1 2\n")
    obj.write_text("v " + square.strip().replace("\n", "\nv ") + "\nf 1/1/1 2//2 3/3 -1\nf 1 2 3\n")
    text = "ply\nformat ascii 1.0\nelement vertex 4\n" + "".join(
        f"property float {a}\n" for a in "xyz"
    )
    text += (
        "element face 2\nproperty uchar red\nproperty list uchar int vertex_indices\nend_header\n"
    )
    (tmp_path / "a.ply").write_text(f"{text}{square}9 4 0 1 2 3\n9 3 0 1 2\n")
    binary = text.replace("ascii", "binary_little_endian").encode()
    binary += np.array(square.split(), "<f4").tobytes()
    faces = struct.pack("<BB4i", 9, 4, 0, 1, 2, 3) + struct.pack("<BB3i", 9, 3, 0, 1, 2)
    (tmp_path / "b.ply").write_bytes(binary + faces)
    clouds = [load_cloud(p, 1000) for p in (off, obj, tmp_path / "a.ply", tmp_path / "b.ply")]
    for cloud in clouds:
        np.testing.assert_array_equal(cloud, clouds[0])
    assert (clouds[0].max(0) > [1.9, 0.9, -1]).all()


def test_points_are_thinned_or_repeated_to_the_number_asked_for(tmp_path):
    np.save(tmp_path / "a.npy", POINTS)
    assert load_cloud(tmp_path / "a.npy", 20).shape == (20, 3)
    np.testing.assert_array_equal(load_cloud(tmp_path / "a.npy", 120)[50:100], POINTS)
    assert len(load_cloud(tmp_path / "a.npy", 1)) == 1


def test_normalising_centres_and_scales():
    cloud = normalise(POINTS * 1e-3 + 5)
    np.testing.assert_allclose(cloud.mean(0), 0, atol=1e-6)
    assert np.linalg.norm(cloud, axis=1).max() == pytest.approx(1)


def test_points_that_a_camera_did_not_see_are_left_out(tmp_path):
    seen = np.vstack([POINTS, np.full((9, 3), np.nan), [[np.inf, 0, 0]]])
    np.save(tmp_path / "a.npy", seen)
    np.testing.assert_array_equal(load_cloud(tmp_path / "a.npy"), POINTS)


def test_survey_coordinates_keep_their_detail(tmp_path):
    np.save(tmp_path / "a.npy", POINTS.astype(np.float64) * 1e-2 + [4.5e6, 5.1e6, 300])
    cloud = load_cloud(tmp_path / "a.npy")
    np.testing.assert_allclose(normalise(cloud), normalise(POINTS), atol=1e-4)


def npz_bomb(path):
    header = b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (%d, 3), }"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z, z.open("a.npy", "w") as f:
        f.write((header % (240 * 10**6 // 24)).ljust(127) + b"\n")
        for _ in range(240):
            f.write(bytes(10**6))


def huge_npy(path):
    np.save(path, POINTS)
    path.write_bytes(path.read_bytes().replace(b"(50, 3), }        ", b"(1000000000, 3), }"))


class Evil:
    def __reduce__(self):
        return os.mkdir, ("ran",)


def bad_las(path):
    write_las(path)
    data = bytearray(path.read_bytes())
    data[100:104] = struct.pack("<I", 2**32 - 1)
    path.write_bytes(data)


def ply_of(count):
    return ply("<").replace(b"vertex 50", b"vertex %d" % count)


HOSTILE = {
    "empty.ply": (b"", "the file is empty"),
    "huge.ply": (ply_of(10**12), "announces 1000000000000 of vertex, but is cut short"),
    "huge_text.ply": (ply("").replace(b"vertex 50", b"vertex 1000000000000"), "cut short"),
    "cut.ply": (ply("<")[:-1], "cut short"),
    "huge.off": (b"OFF\n1000000000000 5 0\n0 0 0\n", "announces 1000000000000 vertices"),
    "faces.off": (b"OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 7\n", "beyond the 3 that it has"),
    "negative.obj": (b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 -9\n", "beyond the 3"),
    "huge.stl": (bytes(80) + struct.pack("<I", 10**9) + bytes(100), "cut short"),
    "huge.pcd": (pcd_header(10**12, "binary") + bytes(99), "takes more than 900 MB"),
    "bomb.pcd": (
        pcd_header(10**9, "binary_compressed") + struct.pack("<II", 99, 2**32 - 1) + bytes(99),
        "takes more than 900 MB",
    ),
    "huge.npy": (huge_npy, "array is cut short"),
    "pickle.npy": (lambda p: np.save(p, np.array([Evil()]), allow_pickle=True), "not numbers"),
    "pickle.npz": (
        lambda p: p.write_bytes(pickle.dumps(Evil())),
        "damaged, or of another format than its suffix says",
    ),
    "objects.npz": (lambda p: np.savez(p, np.array([Evil()])), "not numbers"),
    "bomb.npz": (npz_bomb, "all its points lie in one place"),
    "nan.xyz": (b"nan nan nan\n" * 9, "holds 0 points with finite coordinates"),
    "large.xyz": (b"1e30 0 0\n0 1 0\n0 0 1\n", r"up to 1\.0e\+30"),
    "two.xyz": (b"0 0 0\n1 1 1\n", "holds 2 points"),
    "same.xyz": (b"1 2 3\n" * 9, "lie in one place"),
    "flat.off": (b"OFF\n3 1 0\n0 0 0\n1 0 0\n2 0 0\n3 0 1 2\n", "no area"),
    "words.txt": (b"these are words\n" * 99, "no lines of three or more numbers"),
    "line.txt": (b"1 2 3 " * 10**6, "lines too long"),
    "ragged.csv": (b"1,2,3\n1,2\n4,5,6\n", "not all 3 numbers long"),
    "bad.las": (bad_las, "announces 4294967295 records"),
    "loop.gltf": (gltf(BOX, nodes=[{"children": [0]}]), "holds 0 points"),
    "outside.gltf": (gltf(BOX, buffers=[{"uri": "../../etc/passwd"}]), "outside of its folder"),
    "accessor.gltf": (gltf(BOX, accessors=[{"count": 10**12, "type": "VEC3"}]), "without data"),
    "broken.gltf": (gltf(BOX, meshes=[{}]), "damaged, or of another format"),
    "deep.gltf": (b"[" * 100_000, "damaged, or of another format"),
    "junk.h5": (b"junk" * 99, "damaged, or of another format"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_one_sentence_and_little_memory(tmp_path, name, monkeypatch):
    monkeypatch.chdir(tmp_path)
    content, sentence = HOSTILE[name]
    path = write(tmp_path / name, content)
    tracemalloc.start()
    try:
        with pytest.raises(UserError, match=sentence) as caught:
            load_cloud(path)
        assert tracemalloc.get_traced_memory()[1] < 200e6
    finally:
        tracemalloc.stop()
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_junk_under_every_suffix_is_one_sentence(tmp_path, suffix):
    for junk in (os.urandom(5000), b"\0" * 5000, b"%PDF-1.7\n" + b"x" * 100, b"\xff\xfe\n" * 9):
        path = tmp_path / f"junk{suffix}"
        path.write_bytes(junk)
        with pytest.raises(UserError, match=r"Cannot read .*junk"):
            load_cloud(path)


def test_what_is_no_file_or_no_cloud_is_said(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        load_cloud(tmp_path / "none.ply")
    with pytest.raises(UserError, match=r"no suffix of a point cloud: known are \.off"):
        load_cloud(tmp_path / "picture.jpg")
    with pytest.raises(UserError, match="Unknown up axis 'w'"):
        load_cloud(tmp_path / "a.ply", up="w")
    with pytest.raises(UserError, match="0 points"):
        load_cloud(tmp_path / "a.ply", points=0)
    loop = tmp_path / "loop.ply"
    loop.symlink_to(loop)
    with pytest.raises(UserError, match="Cannot read"):
        load_cloud(loop)


def test_a_name_that_is_no_utf8_is_told_in_utf8(tmp_path):
    path = os.fsencode(tmp_path) + b"/\xff.ply"
    with open(path, "wb") as f:
        f.write(b"junk")
    with pytest.raises(UserError) as caught:
        load_cloud(os.fsdecode(path))
    assert "\\xff.ply" in str(caught.value)
    str(caught.value).encode()
