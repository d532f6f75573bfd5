import os
import subprocess
import sys

import h5py
import numpy as np
import pandas as pd
import pytest

from pointclip.core import store
from pointclip.core.errors import UserError, choose


def test_choose_returns_an_allowed_value_and_names_all_others():
    assert choose("a", ["a", "b"], "letter") == "a"
    with pytest.raises(UserError, match=r"Unknown letter 'c': choose one of a, b\."):
        choose("c", ["a", "b"], "letter")


def test_atomic_leaves_nothing_behind_when_the_block_fails(tmp_path):
    target = tmp_path / "new" / "table.csv"
    with pytest.raises(RuntimeError), store.atomic(target) as partial:
        partial.write_text("half")
        raise RuntimeError
    assert list(target.parent.iterdir()) == []


def test_atomic_keeps_the_old_file_until_the_new_one_is_complete(tmp_path):
    target = tmp_path / "table.csv"
    store.write_text("old", target)
    with store.atomic(target) as partial:
        partial.write_text("new")
        assert target.read_text() == "old"
        assert partial.suffix == ".csv"
    assert target.read_text() == "new"


def test_a_killed_writer_leaves_no_file_under_the_final_name(tmp_path):
    target = tmp_path / "big.h5"
    code = (
        "import os, signal, sys; from pointclip.core import store\n"
        "with store.new_h5(sys.argv[1]) as f:\n"
        "    f['id'] = [b'a']; f.flush(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code, target]).returncode < 0
    assert not target.exists()


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
    with pytest.raises(UserError, match="not a readable HDF5 file"), store.open_h5(path):
        pass
    junk = tmp_path / "junk.h5"
    junk.write_bytes(b"junk" * 100)
    with pytest.raises(UserError, match="delete it and run again"), store.open_h5(junk):
        pass


def test_a_damaged_chunk_is_told_when_it_is_read(tmp_path):
    path = tmp_path / "a.h5"
    noise = np.random.default_rng(0).integers(0, 255, 10_000, dtype=np.uint8)
    with store.new_h5(path) as f:
        f.create_dataset("depth", data=noise, chunks=(1000,), compression="gzip", fletcher32=True)
    with h5py.File(path) as f:
        chunk = f["depth"].id.get_chunk_info(3)
    with path.open("r+b") as raw:
        raw.seek(chunk.byte_offset + 100)
        raw.write(b"\0" * 200)
    with pytest.raises(UserError, match="damaged or incomplete"), store.open_h5(path) as f:
        f["depth"][:]


def test_parquet_keeps_rows_and_metadata(tmp_path):
    frame = pd.DataFrame({"id": ["a", "b"], "label": [0, 1]})
    store.write_parquet(frame, tmp_path / "t.parquet", classes=["chair", "table"], seed=3)
    back = store.read_parquet(tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(back, frame)
    assert back.attrs == {"classes": ["chair", "table"], "seed": 3}
    (tmp_path / "junk.parquet").write_bytes(b"PAR1 junk")
    with pytest.raises(UserError, match="not a readable Parquet file"):
        store.read_parquet(tmp_path / "junk.parquet")
    with pytest.raises(UserError, match="does not exist"):
        store.read_parquet(tmp_path / "none.parquet")
