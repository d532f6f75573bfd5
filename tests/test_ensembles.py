import numpy as np
import pandas as pd
import pytest

from pointclip import ensembles, store
from pointclip.errors import UserError


CLASSES = ["bed", "chair", "table"]
IDS = np.array(["test/000002", "test/000000", "test/000001"], dtype=object)
LOGITS = np.arange(9, dtype=np.float32).reshape(3, 3)


def write(path, ids=IDS, classes=CLASSES, logits=LOGITS):
    if path.suffix == ".npz":
        np.savez(path, id=np.array(ids, dtype=str), logits=logits, classes=np.array(classes))
    else:
        frame = pd.DataFrame(logits, columns=classes)
        frame.insert(0, "id", ids)
        store.write_parquet(frame, path)
    return path


@pytest.mark.parametrize("suffix", [".npz", ".parquet"])
def test_reads_either_format_in_our_order(tmp_path, suffix):
    path = write(tmp_path / f"theirs{suffix}")
    read = ensembles.read_logits(path, np.sort(IDS)[:2], ["table", "bed"])
    np.testing.assert_array_equal(read, [[5, 3], [8, 6]])


def test_ratio_one_is_ours_and_zero_theirs():
    rng = np.random.default_rng(0)
    ours, theirs = rng.normal(size=(2, 20, 3)).astype(np.float32)
    for ratio, only in ((1.0, ours), (0.0, theirs)):
        mixed = ensembles.blend(ours, theirs, ratio)
        np.testing.assert_array_equal(mixed.argsort(1), only.argsort(1))
    with pytest.raises(UserError, match=r"Ratio 1\.5 is not a share"):
        ensembles.blend(ours, theirs, 1.5)


def test_blend_does_not_mind_another_offset_of_logits():
    rng = np.random.default_rng(0)
    ours, theirs = rng.normal(size=(2, 20, 3)).astype(np.float32)
    moved = theirs + 7 * np.arange(20, dtype=np.float32)[:, None]
    np.testing.assert_allclose(
        ensembles.blend(ours, theirs), ensembles.blend(ours, moved), atol=1e-4
    )


def test_the_searched_ratio_is_the_best_and_nearest_to_a_half():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 60)
    ours, theirs = rng.normal(size=(2, 60, 3)).astype(np.float32)
    theirs[np.arange(60), labels] += 2
    ours[np.arange(60), labels] += 1
    ratio, accuracy = ensembles.search_ratio(ours, theirs, labels)
    right = {
        step / 20: 100 * (ensembles.blend(ours, theirs, step / 20).argmax(1) == labels).mean()
        for step in range(21)
    }
    assert accuracy == max(right.values()) == right[ratio]
    assert all(abs(r - 0.5) >= abs(ratio - 0.5) for r, a in right.items() if a == accuracy)


@pytest.mark.parametrize("suffix", [".npz", ".parquet"])
def test_what_is_missing_is_named(tmp_path, suffix):
    path = write(tmp_path / f"theirs{suffix}")
    with pytest.raises(UserError, match="lacks 1 of our class names: 'lamp'"):
        ensembles.read_logits(path, IDS, ["bed", "lamp"])
    with pytest.raises(UserError, match="lacks 1 of our shape names: 'test/000007'"):
        ensembles.read_logits(path, np.array(["test/000007"], dtype=object), CLASSES)
    write(path, ids=["test/000001"] * 3)
    with pytest.raises(UserError, match="holds shape 'test/000001' twice"):
        ensembles.read_logits(path, IDS, CLASSES)
    write(path, logits=np.full((3, 3), np.nan, np.float32))
    with pytest.raises(UserError, match="NaN or infinite"):
        ensembles.read_logits(path, IDS, CLASSES)


def test_files_that_are_no_logits_are_sentences(tmp_path):
    (tmp_path / "bad.npz").write_bytes(b"PK nonsense")
    with pytest.raises(UserError, match="not a readable NPZ file"):
        ensembles.read_logits(tmp_path / "bad.npz", IDS, CLASSES)
    with pytest.raises(UserError, match="does not exist"):
        ensembles.read_logits(tmp_path / "none.npz", IDS, CLASSES)
    with pytest.raises(UserError, match=r"neither a \.parquet nor an \.npz"):
        ensembles.read_logits(tmp_path / "logits.csv", IDS, CLASSES)
    np.savez(tmp_path / "half.npz", id=IDS.astype(str))
    with pytest.raises(UserError, match="lacks the array 'classes'"):
        ensembles.read_logits(tmp_path / "half.npz", IDS, CLASSES)
    pickled = tmp_path / "pickled.npz"
    np.savez(pickled, id=IDS, logits=LOGITS, classes=np.array(CLASSES, dtype=object))
    with pytest.raises(UserError, match="not a readable NPZ file"):
        ensembles.read_logits(pickled, IDS, CLASSES)
