import numpy as np
import pytest
import torch
from few_shot_data import few_shot_run, read_files, write_files

from pointclip.catalog.adapters import METHODS
from pointclip.catalog.columns import SCORES
from pointclip.classification.few_shot.adapter_file import read_adapter, write_adapter
from pointclip.classification.few_shot.logits import write_logits
from pointclip.classification.few_shot.train import train, train_released
from pointclip.core import store
from pointclip.core.errors import UserError
from pointclip.evaluation.score import score
from pointclip.features.read import read_labelled


@pytest.mark.parametrize("method", METHODS)
def test_from_task_to_scores_every_method(tmp_path, method):
    paths = write_files(tmp_path)
    task = read_files(paths)
    fast = {"epochs": 10} if method in ("inter_view", "tip_f") else {}
    learned = train(method, task, **fast)
    assert set(learned) == {"plain", "validation"}
    for protocol, state in learned.items():
        adapter = tmp_path / f"{protocol}.safetensors"
        logits = tmp_path / f"{protocol}.h5"
        write_adapter(state, task, adapter, method, protocol)
        write_logits(adapter, paths["test_features"], logits, batch=7)
        run = few_shot_run(method, protocol)
        table = score([run], [logits], {"toy": paths["test_labels"]})
        assert table["seed"].tolist() == [1, 2, 3]
        assert set(table["method"]) == {method} and set(table["protocol"]) == {protocol}
        assert table["accuracy"].mean() > 60


def test_logits_are_the_adapters_own_for_every_shape_in_order(tmp_path):
    paths = write_files(tmp_path)
    task = read_files(paths)
    adapter, logits = tmp_path / "a.safetensors", tmp_path / "l.h5"
    write_adapter(train("nearest_mean", task)["plain"], task, adapter, "nearest_mean", "plain")
    write_logits(adapter, paths["test_features"], logits, batch=7)
    features = torch.from_numpy(store.read_h5_rows(paths["test_features"], "features"))
    with store.open_h5(logits) as f:
        expected = read_adapter(adapter).logits(features)
        np.testing.assert_allclose(f["logits"][:], expected, atol=1e-4)
        assert f["id"].asstr()[:].tolist() == store.ids_of(paths["test_features"]).tolist()
        assert f["seed"][:].tolist() == [1, 2, 3]


def test_a_protocol_that_does_not_exist_leaves_no_rows(tmp_path):
    paths = write_files(tmp_path, shots=(3,), per_class=3)
    task = read_files(paths, shots=3)
    assert task.validation is None
    learned = train("nearest_mean", task)
    assert set(learned) == {"plain"}
    adapter, logits = tmp_path / "a.safetensors", tmp_path / "l.h5"
    write_adapter(learned.get("validation"), task, adapter, "nearest_mean", "validation")
    write_logits(adapter, paths["test_features"], logits)
    run = few_shot_run("nearest_mean", "validation")
    table = score([run], [logits], {"toy": paths["test_labels"]})
    assert table.empty and list(table) == SCORES


def test_released_is_written_like_the_others(tmp_path):
    paths = write_files(tmp_path)
    task = read_files(paths, protocol="released")
    labelled = read_labelled(paths["test_features"], paths["test_labels"])
    test = [torch.from_numpy(array) for array in labelled]
    state = train_released("inter_view", task, *test, epochs=4)
    assert state["epoch"].shape == (3,)
    adapter, logits = tmp_path / "a.safetensors", tmp_path / "l.h5"
    write_adapter(state, task, adapter, "inter_view", "released")
    write_logits(adapter, paths["test_features"], logits)
    with store.open_h5(logits) as f:
        assert f["logits"].shape == (3, 60, 5)


def test_nan_features_name_the_file(tmp_path):
    paths = write_files(tmp_path)
    task = read_files(paths)
    adapter = tmp_path / "a.safetensors"
    write_adapter(train("nearest_mean", task)["plain"], task, adapter, "nearest_mean", "plain")
    broken = paths["test_features"][1]
    with store.open_h5(broken) as f:
        data, ids = f["features"][:], f["id"][:]
    data[3, 0, 0] = np.inf
    with store.new_h5(broken) as f:
        f["features"], f["id"] = data, ids
    with pytest.raises(UserError, match=r"test-1\.h5 hold NaN or infinite values"):
        write_logits(adapter, paths["test_features"], tmp_path / "l.h5")
