import h5py
import numpy as np
import pytest
from data_files import write_folder, write_modelnet, write_scanobjectnn

from pointclip.catalog.datasets import CLASSES, FURNITURE
from pointclip.clouds.load import normalise
from pointclip.core.errors import UserError
from pointclip.data.split import read_split


RNG = np.random.default_rng(0)


def gather(split):
    chunks = list(split.chunks)
    points, label = (np.concatenate([c[i] for c in chunks]) for i in range(2))
    return points, label, [name for c in chunks for name in c.published_id]


def test_modelnet_is_read_in_the_order_of_its_lists_with_the_first_points(tmp_path):
    written = write_modelnet(tmp_path / "modelnet40_ply_hdf5_2048")
    split = read_split({"reader": "modelnet_h5", "points": 16}, tmp_path, "train")
    points, label, ids = gather(split)
    assert split.classes == ["bed", "chair", "sofa"]
    expected = np.concatenate([data for data, _, _ in written["train"]])
    np.testing.assert_array_equal(points, expected[:, :16])
    np.testing.assert_array_equal(label, np.concatenate([k for _, k, _ in written["train"]]))
    assert ids == [name for _, _, names in written["train"] for name in names]


def test_a_missing_id2file_gives_ids_all_the_same(tmp_path):
    write_modelnet(tmp_path)
    for path in tmp_path.glob("*.json"):
        path.unlink()
    *_, ids = gather(read_split({"reader": "modelnet_h5"}, tmp_path, "test"))
    assert ids[:2] == ["ply_data_test0.h5#0", "ply_data_test0.h5#1"]
    assert len(set(ids)) == 8


def test_scanobjectnn_has_three_variants_and_its_own_label_order(tmp_path):
    write_scanobjectnn(tmp_path)
    files = {}
    for variant in ("obj_only", "obj_bg", "pb_t50_rs"):
        entry = {"reader": "scanobjectnn_h5", "variant": variant}
        split = read_split(entry, tmp_path, "test")
        points, label, ids = gather(split)
        assert split.classes == list(CLASSES["scanobjectnn"])
        assert [split.classes[k] for k in label] == ["bed", "pillow", "sink"]
        np.testing.assert_allclose(points[0], normalise(points[0]), atol=1e-5)
        files[variant] = (ids[0], points)
    assert files["pb_t50_rs"][0] == "test_objectdataset_augmentedrot_scale75.h5#0"
    assert not np.allclose(files["obj_only"][1], files["obj_bg"][1])


def test_scanobjectnns_background_can_be_dropped(tmp_path):
    write_scanobjectnn(tmp_path)
    entry = {"reader": "scanobjectnn_h5", "variant": "obj_bg", "normalise": False}
    kept, *_ = gather(read_split(entry, tmp_path, "train"))
    dropped, *_ = gather(read_split({**entry, "background": "drop"}, tmp_path, "train"))
    assert dropped.shape == kept.shape
    np.testing.assert_array_equal(dropped[:, :12], kept[:, 20:])
    np.testing.assert_array_equal(dropped[:, 12:24], kept[:, 20:])


def test_folders_are_read_by_class_and_split_in_natural_order(tmp_path):
    write_folder(tmp_path / "unpacked" / "Shapes")
    split = read_split({"reader": "folder", "points": 8}, tmp_path / "unpacked", "train")
    points, label, ids = gather(split)
    assert split.classes == ["Table", "chair"]
    assert ids[:3] == [f"Table/train/Table_{i}.npy" for i in range(3)]
    assert ids[10] == "Table/train/Table_10.npy"
    assert (label == np.repeat([0, 1], 11)).all()
    assert points.shape == (22, 8, 3)


def test_a_folders_first_points_are_the_same_for_every_number_of_points(tmp_path):
    (tmp_path / "a" / "train").mkdir(parents=True)
    (tmp_path / "a" / "train" / "x.off").write_text("OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n")
    entry = {"reader": "folder", "points": 100, "normalise": False}
    few, *_ = gather(read_split(entry, tmp_path, "train"))
    more, *_ = gather(read_split({**entry, "points": 1000}, tmp_path, "train"))
    other, *_ = gather(read_split({**entry, "seed": 1}, tmp_path, "train"))
    np.testing.assert_array_equal(more[:, :100], few)
    assert not np.array_equal(other, few)


def test_the_embedded_shapes_lie_in_the_unit_sphere_with_their_fixed_split():
    splits = {
        s: gather(read_split({"reader": "furniture"}, FURNITURE, s)) for s in ("train", "test")
    }
    classes = read_split({"reader": "furniture"}, FURNITURE, "test").classes
    for points, label, _ in splits.values():
        assert points.shape[1:] == (2048, 3)
        assert np.abs(np.linalg.norm(points, axis=2).max(1) - 1).max() < 1e-3
        assert set(label) == set(range(len(classes)))
    assert (np.bincount(splits["train"][1]) == 4).all()
    assert not set(splits["train"][2]) & set(splits["test"][2])


def test_an_entry_can_turn_the_axes_and_take_some_classes(tmp_path):
    write_modelnet(tmp_path)
    points, label, _ = gather(read_split({"reader": "modelnet_h5"}, tmp_path, "train"))
    entry = {"reader": "modelnet_h5", "up": "z", "classes": ["sofa", "bed"]}
    split = read_split(entry, tmp_path, "train")
    turned, some, _ = gather(split)
    assert split.classes == ["sofa", "bed"]
    np.testing.assert_array_equal(some, [0 if k == 2 else 1 for k in label if k != 1])
    np.testing.assert_array_equal(turned[..., 1], points[label != 1][..., 2])


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"reader": "modelnet"}, "Unknown reader 'modelnet': choose one of furniture"),
        ({"reader": "modelnet_h5", "points": 999}, "has 64 points a cloud, fewer than points: 999"),
        ({"reader": "modelnet_h5", "up": "w"}, "Unknown up axis 'w'"),
        ({"reader": "modelnet_h5", "classes": ["bed", "tree"]}, "Unknown class 'tree'"),
        ({"reader": "scanobjectnn_h5"}, "holds no file main_split_nobg/test_objectdataset.h5"),
        ({"reader": "scanobjectnn_h5", "variant": "x"}, "Unknown ScanObjectNN variant 'x'"),
        ({"reader": "folder"}, "holds no folders class/train"),
    ],
)
def test_what_does_not_fit_is_told_in_one_sentence(tmp_path, entry, sentence):
    write_modelnet(tmp_path / "a")
    with pytest.raises(UserError, match=sentence):
        gather(read_split(entry, tmp_path, "test"))


def test_a_label_without_a_class_and_broken_numbers_are_told(tmp_path):
    write_modelnet(tmp_path)
    with h5py.File(tmp_path / "ply_data_test1.h5", "r+") as f:
        f["data"][0, 0, 0] = np.nan
    with pytest.raises(UserError, match="no finite numbers"):
        gather(read_split({"reader": "modelnet_h5"}, tmp_path, "test"))
    (tmp_path / "shape_names.txt").write_text("bed\n")
    with pytest.raises(UserError, match="a label that none of its 1 classes has"):
        gather(read_split({"reader": "modelnet_h5"}, tmp_path, "train"))
    (tmp_path / "ply_data_train0.h5").write_bytes(b"cut")
    with pytest.raises(UserError, match="not a readable HDF5"):
        gather(read_split({"reader": "modelnet_h5"}, tmp_path, "train"))
