import json

import h5py
import numpy as np
import pytest
import yaml

from pointclip.catalog.parts import FURNITURE_PARTS, SHAPENETPART
from pointclip.core.errors import UserError
from pointclip.core.store import open_h5
from pointclip.data.prepare_parts import prepare_parts
from pointclip.data.readers import furniture_parts, labelled_folder, shapenetpart


CLASSES = list(SHAPENETPART)


def write_h5(folder, name, label, pid):
    folder.mkdir(parents=True, exist_ok=True)
    points = np.random.default_rng(0).standard_normal((len(label), 2048, 3)).astype(np.float32)
    with h5py.File(folder / name, "w") as f:
        f["data"], f["label"], f["pid"] = points, np.array(label, np.uint8)[:, None], pid


@pytest.mark.parametrize("inner", ["", "hdf5_data", "shapenet_part_seg_hdf5_data/hdf5_data"])
def test_shapenetpart_h5_in_all_folders(tmp_path, inner):
    chair, mug = CLASSES.index("chair"), CLASSES.index("mug")
    pid = np.stack([np.resize([12, 13, 14, 15], 2048), np.resize([36, 37], 2048)])
    write_h5(tmp_path / inner, "ply_data_test0.h5", [chair, mug], pid)
    write_h5(tmp_path / inner, "ply_data_test1.h5", [mug], pid[1:])
    split = shapenetpart.read({}, tmp_path, "test")
    chunks = list(split.chunks)
    assert [chunk.label.tolist() for chunk in chunks] == [[chair, mug], [mug]]
    assert chunks[0].part[:, :5].tolist() == [[0, 1, 2, 3, 0], [0, 1, 0, 1, 0]]
    assert (shapenetpart.to_global(chunks[0].part, chunks[0].label) == pid).all()
    assert split.parts["chair"] == ["back", "seat", "leg", "armrest"]
    assert sum(len(parts) for parts in split.parts.values()) == 50


def test_a_part_of_another_class_is_named(tmp_path):
    write_h5(tmp_path, "ply_data_train0.h5", [CLASSES.index("chair")], np.full((1, 2048), 16))
    with pytest.raises(UserError, match=r"part id 16 in a shape of class 'chair'.* 12 to 15"):
        list(shapenetpart.read({}, tmp_path, "train").chunks)


@pytest.mark.parametrize("rows", [300, 2600])
def test_shapenetpart_text(tmp_path, rows):
    root = tmp_path / "shapenetcore_partanno_segmentation_benchmark_v0_normal"
    (root / "03797390").mkdir(parents=True)
    (root / "train_test_split").mkdir()
    rng = np.random.default_rng(0)
    table = np.c_[rng.standard_normal((rows, 6)), rng.integers(36, 38, rows)]
    np.savetxt(root / "03797390/cup.txt", table, fmt="%.6f")
    listed = json.dumps(["shape_data/03797390/cup"])
    (root / "train_test_split/shuffled_test_file_list.json").write_text(listed)
    (chunk,) = shapenetpart.read({}, tmp_path, "test").chunks
    assert chunk.points.shape == (1, 2048, 3)
    assert chunk.source_ids == ["03797390/cup"]
    sampled = np.random.RandomState(0).choice(rows, 2048, replace=rows < 2048)
    assert np.allclose(chunk.points[0], table[sampled, :3], atol=1e-5)
    assert (chunk.part[0] == table[sampled, 6] - 36).all()


def write_ply(path, points, part, form="ascii", name="part"):
    header = f"ply\nformat {form} 1.0\nelement vertex {len(points)}\n"
    header += "".join(f"property float {axis}\n" for axis in "xyz")
    header += f"property uchar {name}\nend_header\n"
    if form == "ascii":
        body = "\n".join(f"{x} {y} {z} {k}" for (x, y, z), k in zip(points, part, strict=True))
        path.write_text(header + body + "\n")
        return
    rows = np.empty(len(points), [("p", "<f4", 3), ("k", "u1")])
    rows["p"], rows["k"] = points, part
    path.write_bytes(header.encode() + rows.tobytes())


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "parts.yaml").write_text(yaml.safe_dump({"chair": ["back", "seat"]}))
    for split in ("train", "test"):
        (tmp_path / "chair" / split).mkdir(parents=True)
    points = np.random.default_rng(0).standard_normal((60, 3)).astype(np.float32)
    part = (points[:, 1] > 0).astype(np.int64)
    write_ply(tmp_path / "chair/train/1.ply", points, part)
    write_ply(tmp_path / "chair/train/2.ply", points, part, "binary_little_endian", "label")
    np.savez(tmp_path / "chair/train/10.npz", points=points, labels=part)
    return tmp_path


def test_a_folder_of_labelled_clouds(folder):
    chunks = list(labelled_folder.read({"points": 50}, folder, "train").chunks)
    ids = [chunk.source_ids[0] for chunk in chunks]
    assert ids == ["chair/train/1.ply", "chair/train/2.ply", "chair/train/10.npz"]
    for chunk in chunks:
        assert chunk.points.shape == (1, 50, 3)
        assert ((chunk.points[0, :, 1] > 0) == chunk.part[0]).all()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: (f / "parts.yaml").unlink(), "holds no file parts.yaml"),
        (lambda f: (f / "parts.yaml").write_text("chair: [seat]"), "two or more parts"),
        (
            lambda f: np.savez(f / "chair/train/1.npz", points=np.eye(3), part=[0, 1, 7]),
            "has the label 7, but class 'chair' has 2 parts: back, seat",
        ),
        (
            lambda f: np.savez(f / "chair/train/1.npz", points=np.eye(3), part=[0, 1]),
            "2 labels for 3 points",
        ),
        (lambda f: np.savez(f / "chair/train/1.npz", points=np.eye(3)), "call the points 'points'"),
        (
            lambda f: np.savez(f / "chair/train/1.npz", points=np.eye(3), part=[{}, 1, 2]),
            "it is damaged",
        ),
        (lambda f: (f / "chair/train/1.npz").write_bytes(b"PK"), "it is damaged"),
        (lambda f: (f / "chair/train/0.ply").write_text("ply\n"), "its header"),
        (
            lambda f: write_ply(f / "chair/train/0.ply", np.eye(3), [0, 1, 0], name="red"),
            "no label: call the property",
        ),
        (
            lambda f: (f / "chair/train/0.ply").write_bytes(
                (f / "chair/train/2.ply").read_bytes()[:-9]
            ),
            "is cut short",
        ),
    ],
)
def test_a_wrong_folder_gets_one_sentence(folder, change, said):
    change(folder)
    with pytest.raises(UserError, match=said):
        list(labelled_folder.read({}, folder, "train").chunks)


def test_a_class_that_has_no_parts_is_named(folder):
    (folder / "sofa/train").mkdir(parents=True)
    with pytest.raises(UserError, match=r"sofa is no class of .*parts.yaml: it names chair"):
        labelled_folder.read({}, folder, "train")


def test_an_unknown_category_of_shapenetpart_is_named(tmp_path):
    write_h5(tmp_path, "ply_data_train0.h5", [16], np.zeros((1, 2048), np.uint8))
    with pytest.raises(UserError, match="has a label that is none of 0 to 15"):
        list(shapenetpart.read({}, tmp_path, "train").chunks)
    root = tmp_path / "text" / "train_test_split"
    root.mkdir(parents=True)
    (root / "shuffled_test_file_list.json").write_text('["shape_data/00000000/cup"]')
    with pytest.raises(UserError, match="names the unknown synset '00000000'"):
        list(shapenetpart.read({}, tmp_path / "text", "test").chunks)


def test_the_embedded_part_set():
    shapes, names = 0, set()
    for split in ("train", "test"):
        found = furniture_parts.read({}, FURNITURE_PARTS, split)
        for chunk in found.chunks:
            shapes += len(chunk.label)
            assert np.isfinite(chunk.points).all()
            most = np.array([len(parts) for parts in found.parts.values()])[chunk.label]
            assert (chunk.part.max(1) < most).all() and chunk.part.min() >= 0
            # Every shape has two parts at least, and none of fewer than 20 points.
            for row in chunk.part:
                counts = np.unique(row, return_counts=True)[1]
                assert len(counts) > 1 and counts.min() >= 20
    names = {part for parts in found.parts.values() for part in parts}
    assert shapes >= 180
    assert len(found.parts) >= 15
    assert len(names) >= 40


def test_the_furniture_split_is_kept():
    with h5py.File(FURNITURE_PARTS.with_name("furniture.h5")) as f:
        side = dict(zip(f["published_id"].asstr()[:], f["split"].asstr()[:], strict=True))
    with h5py.File(FURNITURE_PARTS) as f:
        own = zip(f["published_id"].asstr()[:], f["split"].asstr()[:], strict=True)
        assert all(side[name] == split for name, split in own)


def test_labels_stand_apart_from_clouds(folder, tmp_path):
    entry = {"reader": "labelled_folder", "points": 40}
    prepare_parts(entry, folder, "train", tmp_path / "clouds.h5", tmp_path / "labels.h5")
    with open_h5(tmp_path / "clouds.h5") as f:
        assert sorted(f) == ["id", "label", "points"]
        assert np.allclose(np.linalg.norm(f["points"][:], axis=2).max(1), 1)
        assert json.loads(f.attrs["parts"]) == {"chair": ["back", "seat"]}
        ids = f["id"][:]
    with open_h5(tmp_path / "labels.h5") as f:
        assert (f["id"][:] == ids).all()
        assert f["part"].shape == (3, 40)


def test_an_empty_split_is_named(folder, tmp_path):
    with pytest.raises(UserError, match="has no test split"):
        entry = {"reader": "labelled_folder"}
        prepare_parts(entry, folder, "test", tmp_path / "clouds.h5", tmp_path / "labels.h5")
