import numpy as np
import pandas as pd
import pytest
from few_shot_data import write_external
from places import REPOSITORY

from pointclip.catalog.datasets import FURNITURE
from pointclip.classification.ensembles import external_logits
from pointclip.core.errors import UserError
from pointclip.data.read_split import read_split


CLASSES = ["bed", "chair", "table"]
IDS = np.array(["test/000002", "test/000000", "test/000001"], dtype=object)
LOGITS = np.arange(9, dtype=np.float32).reshape(3, 3)


def write(path, ids=IDS, classes=CLASSES, logits=LOGITS):
    return write_external(path, ids, classes, logits)


@pytest.mark.parametrize("suffix", [".npz", ".parquet"])
def test_reads_either_format_in_our_order(tmp_path, suffix):
    path = write(tmp_path / f"theirs{suffix}")
    read = external_logits.read_logits(path, np.sort(IDS)[:2], ["table", "bed"])
    np.testing.assert_array_equal(read, [[5, 3], [8, 6]])


def test_the_example_covers_the_embedded_test_shapes():
    split = read_split({"reader": "furniture"}, FURNITURE, "test")
    chunks = list(split.chunks)
    ids = np.array([name for chunk in chunks for name in chunk.source_ids])
    logits = external_logits.read_logits(
        REPOSITORY / "examples/other_model.parquet", ids, split.classes
    )
    right = logits.argmax(1) == np.concatenate([chunk.label for chunk in chunks])
    assert 20 < 100 * right.mean() < 50


@pytest.mark.parametrize("suffix", [".npz", ".parquet"])
def test_what_is_missing_is_named(tmp_path, suffix):
    path = write(tmp_path / f"theirs{suffix}")
    with pytest.raises(UserError, match="lacks 1 of our class names: 'lamp'"):
        external_logits.read_logits(path, IDS, ["bed", "lamp"])
    with pytest.raises(UserError, match="lacks 1 of our shape names: 'test/000007'"):
        external_logits.read_logits(path, np.array(["test/000007"], dtype=object), CLASSES)
    write(path, ids=["test/000001"] * 3)
    with pytest.raises(UserError, match="holds shape 'test/000001' twice"):
        external_logits.read_logits(path, IDS, CLASSES)
    write(path, logits=np.full((3, 3), np.nan, np.float32))
    with pytest.raises(UserError, match="NaN or infinite"):
        external_logits.read_logits(path, IDS, CLASSES)


def test_files_that_are_no_logits_are_sentences(tmp_path):
    (tmp_path / "bad.npz").write_bytes(b"PK nonsense")
    with pytest.raises(UserError, match="not a readable NPZ file"):
        external_logits.read_logits(tmp_path / "bad.npz", IDS, CLASSES)
    with pytest.raises(UserError, match="does not exist"):
        external_logits.read_logits(tmp_path / "none.npz", IDS, CLASSES)
    with pytest.raises(UserError, match=r"neither a \.parquet nor an \.npz"):
        external_logits.read_logits(tmp_path / "logits.csv", IDS, CLASSES)
    np.savez(tmp_path / "half.npz", id=IDS.astype(str))
    with pytest.raises(UserError, match="lacks the array 'classes'"):
        external_logits.read_logits(tmp_path / "half.npz", IDS, CLASSES)
    pickled = tmp_path / "pickled.npz"
    np.savez(pickled, id=IDS, logits=LOGITS, classes=np.array(CLASSES, dtype=object))
    with pytest.raises(UserError, match="not a readable NPZ file"):
        external_logits.read_logits(pickled, IDS, CLASSES)


def test_of_endless_column_names_the_sentence_shows_the_beginning(tmp_path):
    path = tmp_path / "theirs.parquet"
    pd.DataFrame({"x\n" * 5000: [1.0]}).to_parquet(path)
    with pytest.raises(UserError, match=r"has no column 'id': it has x\\nx\\n") as told:
        external_logits.read_logits(path, IDS, CLASSES)
    assert len(str(told.value)) < 300 + len(str(path))
