import numpy as np
import pandas as pd
import pytest
import torch
from few_shot_data import few_shot_run, write_files

from pointclip.catalog.columns import SCORES
from pointclip.classification.adapters import METHODS
from pointclip.classification.few_shot.task import read_task, write_adapter, write_logits
from pointclip.classification.few_shot.train import train, train_released
from pointclip.core import store
from pointclip.core.errors import UserError
from pointclip.evaluation.score import score
from pointclip.features.read import read_labelled


def read(paths, shots=4, **more):
    return read_task(
        paths["shots"],
        shots,
        paths["train_labels"],
        paths["train_features"],
        paths["bank"],
        paths["text"],
        **more,
    )


def test_a_task_holds_what_the_files_hold(tmp_path):
    paths = write_files(tmp_path)
    task = read(paths)
    drawn = store.read_parquet(paths["shots"]).query("protocol == 'plain' and shots == 4")
    label = store.read_parquet(paths["train_labels"]).set_index("id")["label"]
    for index, seed in enumerate(task.seeds):
        ids = drawn.loc[drawn["seed"] == seed, "id"]
        np.testing.assert_array_equal(task.labels[index], label[ids])
        clean = store.read_h5_rows(paths["train_features"], "features", ids.to_numpy())
        np.testing.assert_array_equal(task.clean[task.rows[index]], clean)
        bank = pd.Index(store.ids_of([paths["bank"]])).get_indexer(ids)
        copies = store.read_h5_rows([paths["bank"]], "features")[:, bank]
        np.testing.assert_array_equal(task.bank[:, task.rows[index]], copies)
    assert task.validation is not None and len(task.validation) == 20


def test_fewer_copies_are_the_first_ones_and_more_than_there_are_is_an_error(tmp_path):
    paths = write_files(tmp_path)
    torch.testing.assert_close(read(paths, copies=2).bank, read(paths).bank[:2])
    with pytest.raises(UserError, match=r"4 augmented copies asked for.*has 3"):
        read(paths, copies=4)


def test_unknown_shots_are_named(tmp_path):
    with pytest.raises(
        UserError, match=r"No 3-shot draw for protocol 'plain': there are \[1, 2, 4\]"
    ):
        read(write_files(tmp_path), shots=3)


@pytest.mark.parametrize("method", METHODS)
def test_from_task_to_scores_every_method(tmp_path, method):
    paths = write_files(tmp_path)
    task = read(paths)
    fast = {"epochs": 10} if method in ("inter_view", "tip_f") else {}
    learned = train(method, task, **fast)
    assert set(learned) == {"plain", "validation"}
    for protocol, state in learned.items():
        adapter = tmp_path / f"{protocol}.safetensors"
        where = few_shot_run(method, protocol)
        logits = tmp_path / where
        write_adapter(state, task, paths["text"], adapter, method=method, protocol=protocol)
        write_logits(adapter, paths["test_features"], logits, rows=7)
        table = score([where], [logits], {"toy": paths["test_labels"]})
        assert table["seed"].tolist() == [1, 2, 3]
        assert set(table["method"]) == {method} and set(table["protocol"]) == {protocol}
        assert table["accuracy"].mean() > 60


def test_a_protocol_that_does_not_exist_leaves_no_rows(tmp_path):
    paths = write_files(tmp_path, shots=(4,), per_class=4)
    task = read(paths)
    assert task.validation is None
    learned = train("nearest_mean", task)
    assert set(learned) == {"plain"}
    about = {"method": "nearest_mean", "protocol": "validation"}
    adapter, logits = tmp_path / "a.safetensors", tmp_path / "l.h5"
    write_adapter(learned.get("validation"), task, paths["text"], adapter, **about)
    write_logits(adapter, paths["test_features"], logits)
    table = score([few_shot_run(**about)], [logits], {"toy": paths["test_labels"]})
    assert table.empty and list(table) == SCORES


def test_released_reads_test_labels_and_writes_like_the_others(tmp_path):
    paths = write_files(tmp_path)
    task = read(paths, protocol="released")
    assert task.validation is None
    labelled = read_labelled(paths["test_features"], paths["test_labels"])
    test = [torch.from_numpy(array) for array in labelled]
    state = train_released("inter_view", task, *test, epochs=4)
    assert state["epoch"].shape == (3,)
    with pytest.raises(UserError, match="Unknown few-shot method with a `released` protocol 'tip'"):
        train_released("tip", task, *test)


def test_nan_features_are_one_sentence(tmp_path):
    paths = write_files(tmp_path)
    with store.open_h5(paths["train_features"][0]) as f:
        data, ids = f["features"][:], f["id"][:]
    with store.new_h5(paths["train_features"][0]) as f:
        data[:] = np.nan
        f["features"], f["id"] = data, ids
    with pytest.raises(UserError, match=r"features hold .* values that are NaN or infinite"):
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
