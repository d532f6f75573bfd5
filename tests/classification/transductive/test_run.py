import few_shot_data
import numpy as np
import pytest
from few_shot_data import CLASSES, write_files

from pointclip.catalog.transductive import TRANSDUCTIVE
from pointclip.classification.transductive import run
from pointclip.core import store
from pointclip.core.errors import UserError
from pointclip.features.read import read_labelled


def logits_of(paths, path, method, seeds=(1, 2), **changed):
    files = {**paths, **changed}
    run.write_transductive(
        method, files["test_features"], files["text"], path, seeds, files["train_features"]
    )
    with store.open_h5(path) as f:
        return f["logits"][:], f["seed"][:].tolist()


@pytest.mark.parametrize("method", TRANSDUCTIVE)
def test_every_method_reads_the_test_shapes(method, tmp_path):
    paths = write_files(tmp_path)
    _, labels = read_labelled(paths["test_features"], paths["test_labels"])
    logits, seeds = logits_of(paths, tmp_path / "logits.h5", method)
    assert seeds == ([1, 2] if TRANSDUCTIVE[method].stream else [-1])
    assert logits.shape == (len(seeds), len(labels), CLASSES)
    assert np.isfinite(logits).all()
    assert (logits.argmax(-1) == labels).mean() > 0.6


def test_the_few_shot_form_has_a_row_a_seed(tmp_path):
    paths = write_files(tmp_path)
    out = tmp_path / "logits.h5"
    run.write_transductive_few_shot(
        paths["test_features"],
        paths["text"],
        out,
        paths["shots"],
        4,
        paths["train_labels"],
        paths["train_features"],
    )
    _, labels = read_labelled(paths["test_features"], paths["test_labels"])
    with store.open_h5(out) as f:
        assert f["seed"][:].tolist() == [1, 2, 3]
        assert (f["logits"][:].argmax(-1) == labels).mean() > 0.6


@pytest.mark.parametrize("method", TRANSDUCTIVE)
def test_labels_of_the_test_split_are_no_input(method, tmp_path):
    paths = write_files(tmp_path)
    before, _ = logits_of(paths, tmp_path / "before.h5", method)
    frame = store.read_parquet(paths["test_labels"])
    shuffled = frame.assign(label=np.random.default_rng(0).permutation(frame["label"]))
    store.write_parquet(shuffled, paths["test_labels"], classes=frame.attrs["classes"])
    after, _ = logits_of(paths, tmp_path / "after.h5", method)
    np.testing.assert_array_equal(before, after)


def test_nan_features_are_one_sentence():
    broken = few_shot_data.features(np.arange(CLASSES), 3).numpy()
    broken[2, 1, 0] = np.nan
    with pytest.raises(UserError, match="features of 1 shapes hold NaN"):
        run.concatenate(broken)


def test_an_unknown_method_is_named(tmp_path):
    with pytest.raises(UserError, match="Unknown transductive method 'tpt'"):
        run.write_transductive("tpt", [], tmp_path, tmp_path)
