import json

import h5py
import numpy as np
import pytest
from data_files import write_folder, write_modelnet

from pointclip.core.errors import UserError
from pointclip.core.store import read_parquet
from pointclip.data.prepare import download, prepare


ENTRY = {"reader": "modelnet_h5", "points": 16}


def prepared(folder, entry, source, split="train"):
    clouds, labels = folder / f"{split}.h5", folder / f"{split}.parquet"
    prepare(entry, source, split, clouds, labels, folder / f"{split}_ids.parquet")
    return clouds, read_parquet(labels)


def test_clouds_carry_opaque_ids_while_labels_and_source_ids_lie_apart(tmp_path):
    written = write_modelnet(tmp_path / "raw")
    clouds, labels = prepared(tmp_path, ENTRY, tmp_path / "raw")
    with h5py.File(clouds) as f:
        assert set(f) == {"points", "id"}
        ids = list(f["id"].asstr())
        assert ids == [f"train/{i:06d}" for i in range(8)]
        assert f["points"].shape == (8, 16, 3)
        assert f["points"].dtype == np.float32
        np.testing.assert_array_equal(f["points"][5:], written["train"][1][0][:, :16])
    assert list(labels.columns) == ["id", "label", "class"]
    assert list(labels["id"]) == ids
    assert labels.attrs["classes"] == ["bed", "chair", "sofa"]
    assert (labels["class"] == np.array(labels.attrs["classes"])[labels["label"]]).all()
    own = read_parquet(tmp_path / "train_ids.parquet")
    assert list(own.columns) == ["id", "source_id"] and list(own["id"]) == ids
    assert (own["source_id"].str.split("/").str[0] == labels["class"]).all()


def test_only_so_many_shapes_of_a_class_are_taken(tmp_path):
    write_folder(tmp_path / "raw")
    entry = {"reader": "folder", "shapes_per_class": 3}
    _, labels = prepared(tmp_path, entry, tmp_path / "raw")
    assert labels["class"].value_counts().to_dict() == {"chair": 3, "Table": 3}


def test_preparing_twice_gives_the_same_and_a_failure_leaves_nothing(tmp_path):
    write_modelnet(tmp_path / "raw")
    clouds, _ = prepared(tmp_path, ENTRY, tmp_path / "raw")
    first = clouds.read_bytes()
    prepared(tmp_path, ENTRY, tmp_path / "raw")
    assert clouds.read_bytes() == first
    (tmp_path / "raw" / "ply_data_test1.h5").write_bytes(b"cut")
    with pytest.raises(UserError):
        prepared(tmp_path, ENTRY, tmp_path / "raw", "test")
    assert not list(tmp_path.glob("*test*"))


def test_colours_stay_beside_their_points(tmp_path, monkeypatch):
    """Of three shapes the second has colours; the first is read before it, in another chunk."""
    monkeypatch.setattr("pointclip.data.readers.base.CHUNK", 1)
    folder = tmp_path / "raw" / "chair" / "train"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    points, colors = rng.normal(size=(2048, 3)), rng.integers(0, 256, (2048, 3), np.uint8)
    for i in range(3):
        arrays = {"points": points} | ({"colors": colors} if i == 1 else {})
        np.savez(folder / f"{i}.npz", **arrays)
    clouds, _ = prepared(tmp_path, {"reader": "folder", "points": 100}, tmp_path / "raw")
    with h5py.File(clouds) as f:
        assert f["colors"].dtype == np.uint8
        assert f["colors"].shape == f["points"].shape == (3, 100, 3)
        np.testing.assert_array_equal(f["colors"][1], colors[:100])
        assert np.all(f["colors"][0] == 102) and np.all(f["colors"][2] == 102)


def test_an_empty_split_is_told(tmp_path):
    (tmp_path / "chair" / "train").mkdir(parents=True)
    with pytest.raises(UserError, match="has no test split"):
        prepared(tmp_path, {"reader": "folder"}, tmp_path, "test")


def test_a_zip_is_downloaded_unpacked_and_read(tmp_path, caplog):
    import shutil

    write_modelnet(tmp_path / "raw" / "modelnet40_ply_hdf5_2048")
    (tmp_path / "raw" / "modelnet40_ply_hdf5_2048" / "run.exe").write_bytes(b"no")
    archive = shutil.make_archive(str(tmp_path / "a"), "zip", tmp_path / "raw")
    entry = {**ENTRY, "urls": ["file:///nowhere.zip", archive], "terms": "academic use only"}
    manifest = download(entry, tmp_path / "data")
    content = json.loads(manifest.read_text())
    assert content["checksum"].startswith("sha256:")
    assert not content["checked"]
    assert not any("run.exe" in name for name in content["files"])
    assert "academic use only" in caplog.text
    assert "No checksum is known" in caplog.text
    _, labels = prepared(tmp_path, entry, manifest)
    assert len(labels) == 8

    checked = {**entry, "sha256": content["checksum"].removeprefix("sha256:").upper()}
    assert json.loads(download(checked, tmp_path / "data").read_text())["checked"]
    with pytest.raises(UserError, match=r"checksum is md5:.*, not md5:0000"):
        download({**entry, "md5": "0" * 32}, tmp_path / "other")
    assert not (tmp_path / "other" / "manifest.json").exists()


def test_a_single_file_is_downloaded_as_it_is(tmp_path):
    from pointclip.catalog.datasets import FURNITURE

    manifest = download({"reader": "furniture", "urls": [str(FURNITURE)]}, tmp_path)
    _, labels = prepared(tmp_path, {"reader": "furniture", "points": 8}, manifest)
    assert len(labels) == 4 * len(labels.attrs["classes"])
    manifest.write_text("{")
    with pytest.raises(UserError, match=r"manifest\.json is missing or damaged"):
        prepared(tmp_path, {"reader": "furniture"}, manifest)
