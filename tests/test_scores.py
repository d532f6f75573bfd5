import numpy as np
import pandas as pd
import pytest
from few_shot_data import IDENTITY, labels_frame

from pointclip import scores, store
from pointclip.errors import UserError


LABELS = np.array([0, 0, 0, 0, 1, 1, 2, 3, 4, 4])


@pytest.fixture
def files(tmp_path):
    """Two seeds: the first is always right, the second always says class 0."""
    frame = labels_frame(LABELS, "test")
    store.write_parquet(frame, tmp_path / "l.parquet", classes=frame.attrs["classes"])
    rng = np.random.default_rng(0)
    order = rng.permutation(len(LABELS))
    logits = rng.normal(size=(2, len(LABELS), 5)).astype(np.float32)
    logits[0, np.arange(len(LABELS)), LABELS[order]] += 20
    logits[1, :, 0] += 20
    with store.new_h5(tmp_path / "x.h5") as f:
        f["logits"], f["seed"] = logits, np.array([3, 9])
        f["id"] = frame["id"].to_numpy(object)[order]
    return tmp_path


def score(folder, **changes):
    out = folder / "s.parquet", folder / "p.parquet"
    scores.score(folder / "x.h5", folder / "l.parquet", {**IDENTITY, **changes}, *out)
    return store.read_parquet(out[0]), store.read_parquet(out[1])


def test_one_row_per_seed_with_the_columns_of_the_design(files):
    table, _ = score(files)
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
    assert table["seed"].tolist() == [3, 9]
    assert table["accuracy"].tolist() == [100, 40]
    assert table["mean_class_accuracy"].tolist() == [100, 20]
    assert table["top5"].tolist() == [100, 100]
    assert table["n"].tolist() == [10, 10]


def test_predictions_join_labels_by_id(files):
    _, rows = score(files)
    assert list(rows) == scores.PREDICTION_COLUMNS
    first = rows[rows["seed"] == 3].set_index("id")
    truth = labels_frame(LABELS, "test").set_index("id")["label"]
    assert (first["label"] == truth[first.index]).all()
    assert (first["predicted"] == first["label"]).all()
    assert rows["probability"].between(0, 1).all()
    assert rows.attrs["classes"] == [f"class_{i}" for i in range(5)]


def test_tables_of_different_protocols_are_collected_with_whole_seeds(files):
    score(files)
    (files / "s.parquet").rename(files / "one.parquet")
    score(files, protocol="validation")
    table = scores.collect([files / "s.parquet", files / "one.parquet"])
    assert table["protocol"].tolist() == ["plain"] * 2 + ["validation"] * 2
    assert str(table["seed"].dtype) == "Int64"


def test_top5_counts_the_label_among_five():
    logits = np.arange(12, dtype=np.float32)[None].repeat(3, 0)
    table = scores.predict(logits, np.array([11, 7, 6]))
    assert table["top5"].tolist() == [True, True, False]


def test_equal_logits_predict_the_lower_label():
    table = scores.predict(np.zeros((1, 9), np.float32), np.array([0]))
    assert table["predicted"].tolist() == [0] and table["top5"].tolist() == [True]


def test_bad_input_is_a_sentence(files):
    store.write_parquet(labels_frame(LABELS[:5], "test"), files / "l.parquet")
    with pytest.raises(UserError, match="has no label for shape 'test/"):
        score(files)
    with pytest.raises(UserError, match="A score needs shots"):
        scores.score("x", "y", {k: v for k, v in IDENTITY.items() if k != "shots"}, "a", "b")
    with pytest.raises(UserError, match="logits hold NaN"):
        scores.predict(np.full((1, 3), np.nan, np.float32), np.array([0]))
    assert pd.isna(scores.collect([])["accuracy"]).all()
