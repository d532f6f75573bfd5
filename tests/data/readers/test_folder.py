import numpy as np
from data_files import write_folder
from read_all import gather

from pointclip.data.read_split import read_split


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
