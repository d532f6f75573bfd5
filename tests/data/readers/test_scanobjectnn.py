import numpy as np
from data_files import write_scanobjectnn
from read_all import gather

from pointclip.catalog.datasets import CLASSES
from pointclip.clouds.load import normalise
from pointclip.data.read_split import read_split


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
