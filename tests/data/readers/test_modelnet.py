import numpy as np
from data_files import write_modelnet
from read_all import gather

from pointclip.data.read_split import read_split


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
