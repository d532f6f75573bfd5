import h5py
import numpy as np
import pytest
from data_files import write_modelnet
from read_all import gather

from pointclip.core.errors import UserError
from pointclip.data.read_split import read_split


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
    with pytest.raises(UserError, match="is damaged, or of another format"):
        gather(read_split({"reader": "modelnet_h5"}, tmp_path, "train"))
