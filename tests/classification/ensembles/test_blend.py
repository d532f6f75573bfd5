import numpy as np
import pandas as pd
import pytest
from few_shot_data import few_shot_run, write_files, zero_shot_run

from pointclip.catalog.datasets import FURNITURE
from pointclip.classification import zero_shot
from pointclip.classification.ensembles import blend, external_logits
from pointclip.classification.few_shot.task import read_task, write_adapter
from pointclip.classification.few_shot.train import train
from pointclip.core import store
from pointclip.core.errors import UserError
from pointclip.data.shots import validation_ids
from pointclip.data.split import read_split
from pointclip.evaluation.score import score


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
    read = external_logits.read_logits(path, np.sort(IDS)[:2], ["table", "bed"])
    np.testing.assert_array_equal(read, [[5, 3], [8, 6]])


def test_ratio_one_is_ours_and_zero_theirs():
    rng = np.random.default_rng(0)
    ours, theirs = rng.normal(size=(2, 20, 3)).astype(np.float32)
    for ratio, only in ((1.0, ours), (0.0, theirs)):
        mixed = blend.blend(ours, theirs, ratio)
        np.testing.assert_array_equal(mixed.argsort(1), only.argsort(1))
    with pytest.raises(UserError, match=r"Ratio 1\.5 is not a share"):
        blend.blend(ours, theirs, 1.5)


def test_blend_does_not_mind_another_offset_of_logits():
    rng = np.random.default_rng(0)
    ours, theirs = rng.normal(size=(2, 20, 3)).astype(np.float32)
    moved = theirs + 7 * np.arange(20, dtype=np.float32)[:, None]
    np.testing.assert_allclose(blend.blend(ours, theirs), blend.blend(ours, moved), atol=1e-4)


def test_the_searched_ratio_is_the_best_and_nearest_to_a_half():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 60)
    ours, theirs = rng.normal(size=(2, 60, 3)).astype(np.float32)
    theirs[np.arange(60), labels] += 2
    ours[np.arange(60), labels] += 1
    ratio, accuracy = blend.search_ratio(ours, theirs, labels)
    right = {
        step / 20: 100 * (blend.blend(ours, theirs, step / 20).argmax(1) == labels).mean()
        for step in range(21)
    }
    assert accuracy == max(right.values()) == right[ratio]
    assert all(abs(r - 0.5) >= abs(ratio - 0.5) for r, a in right.items() if a == accuracy)


def test_a_blended_file_is_scored_like_the_others(tmp_path):
    paths = write_files(tmp_path)
    frame = store.read_parquet(paths["test_labels"])
    names = frame.attrs["classes"]
    sure = np.full((len(frame), 5), -9, np.float32)
    sure[np.arange(len(frame)), frame["label"]] = 9
    own = external_logits.read_source_ids(paths["test_ids"])
    theirs = write(tmp_path / "theirs.npz", list(own.values()), names, sure)
    ours = {"zero_shot": tmp_path / "z.h5", "few_shot": tmp_path / "f.h5"}
    zero_shot.write_logits(paths["test_features"], paths["text"], None, ours["zero_shot"])
    with store.new_h5(ours["few_shot"], classes=names) as f:
        f["logits"], f["seed"] = np.zeros((2, len(frame), 5), np.float32), np.array([1, 2])
        f["id"] = frame["id"].to_numpy(object)
    for kind, path in ours.items():
        ratio = 0.1 if kind == "zero_shot" else [0.1, 1.0]
        blend.write_blend(path, theirs, tmp_path / "b.h5", ratio, own)
        run = zero_shot_run() if kind == "zero_shot" else few_shot_run("tip", "plain")
        run["ensemble"] = "theirs"
        table = score([run], [tmp_path / "b.h5"], {"toy": paths["test_labels"]})
        assert table["accuracy"].tolist() == ([100] if kind == "zero_shot" else [100, 20])
        assert set(table["method"]) == {f"{'zero_shot' if kind == 'zero_shot' else 'tip'}+theirs"}


@pytest.mark.parametrize("kind", ["zero_shot", "few_shot"])
def test_the_share_is_chosen_on_held_out_train_shapes_alone(tmp_path, kind):
    paths = write_files(tmp_path)
    drawn = paths["shots"], paths["train_labels"], paths["train_features"]
    ours = tmp_path / ("a.safetensors" if kind == "few_shot" else "l.h5")
    if kind == "few_shot":
        task = read_task(paths["shots"], 4, *drawn[1:], bank=paths["bank"], text=paths["text"])
        state = train("nearest_mean", task)["plain"]
        about = {"method": "nearest_mean", "protocol": "plain"}
        write_adapter(state, task, paths["text"], ours, **about)
    else:
        zero_shot.write_logits(paths["test_features"], paths["text"], None, ours)
    ids = validation_ids(store.read_parquet(paths["shots"]))
    frame = store.read_parquet(paths["train_labels"]).set_index("id").loc[ids]
    names = store.read_parquet(paths["test_labels"]).attrs["classes"]
    own = external_logits.read_source_ids(paths["train_ids"])
    noise = np.random.default_rng(0).normal(size=(len(ids), 5)).astype(np.float32)
    right = noise.copy()
    right[np.arange(len(ids)), frame["label"]] = 99
    for logits, best in ((noise, 1.0), (right, 0.0)):
        theirs = write(tmp_path / "theirs.npz", [own[i] for i in ids], names, logits)
        found = blend.choose_ratios(
            ours, theirs, paths["text"], *drawn[:2], paths["train_ids"], drawn[2]
        )
        assert found["seed"].isna().tolist() == ([True] if kind == "zero_shot" else [False] * 3)
        assert (abs(found["ratio"] - best) <= 0.5).all()
        assert (found["accuracy"] == 100).all() or best == 1.0


def test_the_example_covers_the_embedded_test_shapes():
    split = read_split({"reader": "furniture"}, FURNITURE, "test")
    chunks = list(split.chunks)
    ids = np.array([name for chunk in chunks for name in chunk.published_id])
    logits = external_logits.read_logits("examples/other_model.parquet", ids, split.classes)
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
