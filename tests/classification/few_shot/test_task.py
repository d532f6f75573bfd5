import numpy as np
import pandas as pd
import pytest
import torch
from few_shot_data import read_files as read
from few_shot_data import write_files

from pointclip.core import store
from pointclip.core.errors import UserError
from pointclip.data.shots import shot_ids


def test_a_task_holds_what_the_files_hold(tmp_path):
    paths = write_files(tmp_path)
    task = read(paths)
    sampled = shot_ids(store.read_parquet(paths["shots"]), 4)
    label = store.read_parquet(paths["train_labels"]).set_index("id")["label"]
    assert task.seeds == [1, 2, 3]
    for index, ids in enumerate(sampled):
        np.testing.assert_array_equal(task.labels[index], label[ids])
        shots = store.read_h5_rows(paths["train_features"], "features", ids)
        np.testing.assert_array_equal(task.features[task.shot_index[index]], shots)
        position = pd.Index(store.ids_of([paths["augmented"]])).get_indexer(ids)
        copies = store.read_h5_rows([paths["augmented"]], "features")[:, position]
        np.testing.assert_array_equal(task.augmented[:, task.shot_index[index]], copies)
    assert task.validation is not None and len(task.validation) == 15
    assert task.classes == [f"class_{label}" for label in range(5)]


def test_fewer_copies_are_the_first_ones_and_more_than_there_are_is_an_error(tmp_path):
    paths = write_files(tmp_path)
    torch.testing.assert_close(read(paths, copies=2).augmented, read(paths).augmented[:2])
    with pytest.raises(UserError, match=r"4 augmented copies asked for.*has 3"):
        read(paths, copies=4)


def test_all_shots_are_all_shapes_that_are_not_held_out(tmp_path):
    task = read(write_files(tmp_path), shots=None)
    assert task.shots == 5 * (12 - 3)


def test_nan_features_are_one_sentence(tmp_path):
    paths = write_files(tmp_path)
    with store.open_h5(paths["train_features"][0]) as f:
        data, ids = f["features"][:], f["id"][:]
    with store.new_h5(paths["train_features"][0]) as f:
        data[:] = np.nan
        f["features"], f["id"] = data, ids
    with pytest.raises(UserError, match=r"features hold .* values that are NaN or infinite"):
        read(paths)


def test_released_has_shots_of_its_own_and_holds_nothing_out(tmp_path):
    paths = write_files(tmp_path)
    task = read(paths, protocol="released")
    assert task.validation is None and task.validation_labels is None
    assert task.seeds == [1, 2, 3]
    assert not torch.equal(task.labels, read(paths).labels)


def test_a_shot_without_augmented_copies_is_named(tmp_path):
    paths = write_files(tmp_path)
    with store.open_h5(paths["augmented"]) as f:
        data, ids = f["features"][:], f["id"][:]
    with store.new_h5(paths["augmented"]) as f:
        f["features"], f["id"] = data[:, :1], ids[:1]
    with pytest.raises(UserError, match=r"is a shot, but .* has no copy of it"):
        read(paths)


def test_equal_features_are_told_in_the_log(tmp_path, caplog):
    paths = write_files(tmp_path)
    for path in paths["train_features"]:
        with store.open_h5(path) as f:
            data, ids = f["features"][:], f["id"][:]
        with store.new_h5(path) as f:
            f["features"], f["id"] = np.ones_like(data), ids
    read(paths)
    assert "The features of all shots are equal" in caplog.text
