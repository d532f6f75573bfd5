import os
import random

import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from mutate import flip

from pointclip.core import store
from pointclip.core.errors import DamagedFile, UserError, choose


def test_choose_returns_an_allowed_value_and_names_all_others():
    assert choose("a", ["a", "b"], "letter") == "a"
    with pytest.raises(UserError, match=r"Unknown letter 'c': choose one of a, b\."):
        choose("c", ["a", "b"], "letter")


def write_shard(path, ids, features):
    with store.new_h5(path, layers=["a", 1]) as f:
        f["id"] = np.array(ids, dtype="S")
        f["features"] = features


@pytest.fixture
def shards(tmp_path):
    features = np.arange(10, dtype=np.float32).reshape(5, 2)
    paths = [tmp_path / "test-0.h5", tmp_path / "test-1.h5"]
    write_shard(paths[0], ["a", "b", "c"], features[:3])
    write_shard(paths[1], ["d", "e"], features[3:])
    return paths, features


def test_rows_are_read_over_shards_in_the_order_asked_for(shards):
    paths, features = shards
    assert list(store.ids_of(paths)) == ["a", "b", "c", "d", "e"]
    np.testing.assert_array_equal(store.read_h5_rows(paths, "features"), features)
    picked = store.read_h5_rows(paths, "features", ["e", "a", "d", "a"])
    np.testing.assert_array_equal(picked, features[[4, 0, 3, 0]])
    with pytest.raises(UserError, match="No row 'x'"):
        store.read_h5_rows(paths, "features", ["a", "x"])


def test_attributes_that_hdf5_cannot_hold_are_json(shards):
    with store.open_h5(shards[0][0]) as f:
        assert f.attrs["layers"] == '["a", 1]'


def test_a_missing_truncated_or_foreign_h5_is_told_in_one_sentence(shards, tmp_path):
    with pytest.raises(UserError, match=r"nowhere\.h5 does not exist"), store.open_h5("nowhere.h5"):
        pass
    path = shards[0][0]
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(UserError, match="cut short"), store.open_h5(path):
        pass
    with pytest.raises(UserError, match="not a readable HDF5 file"), store.open_h5(path, True):
        pass
    junk = tmp_path / "junk.h5"
    junk.write_bytes(b"junk" * 100)
    with pytest.raises(UserError, match="delete it and run again"), store.open_h5(junk):
        pass


def test_a_damaged_chunk_of_a_strangers_file_is_told_when_it_is_read(tmp_path):
    path = tmp_path / "a.h5"
    noise = np.random.default_rng(0).integers(0, 255, 10_000, dtype=np.uint8)
    with h5py.File(path, "w") as f:
        f.create_dataset("depth", data=noise, chunks=(1000,), compression="gzip", fletcher32=True)
        chunk = f["depth"].id.get_chunk_info(3)
    with path.open("r+b") as raw:
        raw.seek(chunk.byte_offset + 100)
        raw.write(b"\0" * 200)
    with pytest.raises(UserError, match="damaged or incomplete"), store.open_h5(path, True) as f:
        f["depth"][:]


def test_every_flipped_bit_is_told(shards, tmp_path):
    """Of attributes, names and numbers, in files as other programs read them too."""
    table = tmp_path / "t.parquet"
    store.write_parquet(pd.DataFrame({"id": ["a", "b"], "label": [0, 1]}), table, classes=["c"])
    assert list(pd.read_parquet(table)["label"]) == [0, 1]
    with h5py.File(shards[0][0]) as f:
        assert f["features"].shape == (3, 2)
    rng = random.Random(0)
    for path in (shards[0][0], table):
        good = path.read_bytes()
        for _ in range(300):
            path.write_bytes(flip(good, rng))
            with pytest.raises(DamagedFile):
                _read(path)


def _read(path):
    if path.suffix == ".parquet":
        return store.read_parquet(path)
    with store.open_h5(path) as f:
        return f["features"][:]


def test_files_without_a_checksum_are_a_strangers(tmp_path):
    frame = pd.DataFrame({"id": ["a"]})
    frame.to_parquet(tmp_path / "t.parquet")
    with h5py.File(tmp_path / "t.h5", "w") as f:
        f["id"] = [1]
    assert list(store.read_parquet(tmp_path / "t.parquet", foreign=True)["id"]) == ["a"]
    with store.open_h5(tmp_path / "t.h5", foreign=True) as f:
        assert f["id"][0] == 1
    with pytest.raises(DamagedFile, match="has no checksum"):
        store.read_parquet(tmp_path / "t.parquet")
    with pytest.raises(DamagedFile, match="has no checksum"), store.open_h5(tmp_path / "t.h5"):
        pass


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyError("ours")])
def test_errors_of_others_are_not_the_fault_of_a_file_that_fits_its_checksum(shards, error):
    """Of a job that fills the disk while it reads: its input would be deleted as damaged."""
    with pytest.raises(type(error)) as told, store.open_h5(shards[0][0]):
        raise error
    assert told.value is error


@pytest.mark.parametrize("key", [b"pointclip.a", b"pandas"])
def test_a_strangers_footer_may_hold_anything(tmp_path, key):
    table = pa.table({"id": ["a"]}).replace_schema_metadata({key: b"{[\xff"})
    pq.write_table(table, tmp_path / "t.parquet")
    with pytest.raises(UserError, match="not a readable Parquet file"):
        store.read_parquet(tmp_path / "t.parquet", foreign=True)


def test_parquet_keeps_rows_and_metadata(tmp_path):
    frame = pd.DataFrame({"id": ["a", "b"], "label": [0, 1]})
    store.write_parquet(frame, tmp_path / "t.parquet", classes=["chair", "table"], seed=3)
    back = store.read_parquet(tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(back, frame)
    assert back.attrs == {"classes": ["chair", "table"], "seed": 3}
    (tmp_path / "junk.parquet").write_bytes(b"PAR1 junk")
    with pytest.raises(UserError, match="not a readable Parquet file"):
        store.read_parquet(tmp_path / "junk.parquet", foreign=True)
    with pytest.raises(UserError, match="does not exist"):
        store.read_parquet(tmp_path / "none.parquet")
