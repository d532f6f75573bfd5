import numpy as np
import pytest
from few_shot_data import few_shot_run, labels_frame

from pointclip.core import store
from pointclip.core.errors import UserError
from pointclip.evaluation.score import predict, predictions, score


LABELS = np.array([0, 0, 0, 0, 1, 1, 2, 3, 4, 4])


@pytest.fixture
def labels(tmp_path):
    frame = labels_frame(LABELS, "test")
    path = tmp_path / "labels" / "toy" / "test.parquet"
    store.write_parquet(frame, path, classes=frame.attrs["classes"])
    return path


PLAIN = few_shot_run("inter_view", "plain")


def write_logits(folder, value=20.0):
    """Two seeds: the first is always right, the second always says class 0."""
    rng = np.random.default_rng(0)
    order = rng.permutation(len(LABELS))
    logits = rng.normal(size=(2, len(LABELS), 5)).astype(np.float32)
    logits[0, np.arange(len(LABELS)), LABELS[order]] += value
    logits[1, :, 0] += 20
    path = folder / "logits.h5"
    with store.new_h5(path) as f:
        f["logits"], f["seed"] = logits, np.array([3, 9])
        f["id"] = labels_frame(LABELS, "test")["id"].to_numpy(object)[order]
    return path


def test_one_row_per_seed_with_the_columns_of_the_design(tmp_path, labels):
    table = score([PLAIN], [write_logits(tmp_path)], {"toy": labels})
    assert list(table) == [
        "dataset",
        "projection",
        "prompts",
        "backbone",
        "method",
        "protocol",
        "shots",
        "seed",
        "accuracy",
        "top5",
        "mean_class_accuracy",
        "n",
    ]
    assert table.iloc[0, :7].tolist() == ["toy", "p", "q", "b", "inter_view", "plain", 4]
    assert table["seed"].tolist() == [3, 9]
    assert table["accuracy"].tolist() == [100, 40]
    assert table["mean_class_accuracy"].tolist() == [100, 20]
    assert table["top5"].tolist() == [100, 100]
    assert table["n"].tolist() == [10, 10]


def test_predictions_join_labels_by_id(tmp_path, labels):
    rows = predictions(write_logits(tmp_path), store.read_parquet(labels), ["tip"])
    assert list(rows) == ["method", "seed", "id", "label", "predicted", "top5"]
    first = rows[rows["seed"] == 3].set_index("id")
    truth = labels_frame(LABELS, "test").set_index("id")["label"]
    assert (first["label"] == truth[first.index]).all()
    assert (first["predicted"] == first["label"]).all()


def test_experiments_are_sorted_and_seeds_are_whole_numbers(tmp_path, labels):
    both = [PLAIN | {"protocol": "validation"}, PLAIN]
    table = score(both, [write_logits(tmp_path)] * 2, {"toy": labels})
    assert table["protocol"].tolist() == ["plain"] * 2 + ["validation"] * 2
    assert str(table["seed"].dtype) == "Int64"
    empty = score([], [], {})
    assert list(empty) == list(table)
    assert empty.dtypes["shots":].equals(table.dtypes["shots":])


def test_top5_counts_the_label_among_five():
    logits = np.arange(12, dtype=np.float32)[None].repeat(3, 0)
    table = predict(logits, np.array([11, 7, 6]))
    assert table["top5"].tolist() == [True, True, False]


def test_equal_logits_predict_the_lower_label():
    table = predict(np.zeros((1, 9), np.float32), np.array([0]))
    assert table["predicted"].tolist() == [0] and table["top5"].tolist() == [True]


def test_bad_input_is_a_sentence_that_names_the_file(tmp_path, labels):
    with pytest.raises(UserError, match=r"logits.h5 holds NaN or infinite values"):
        score([PLAIN], [write_logits(tmp_path, value=np.nan)], {"toy": labels})
    store.write_parquet(labels_frame(LABELS[:5], "test"), labels)
    with pytest.raises(UserError, match=r"logits.h5 has a shape without a label: 'test/"):
        score([PLAIN], [write_logits(tmp_path)], {"toy": labels})
