import numpy as np
import pandas as pd
import pytest
import torch
from few_shot_data import CLASSES, VIEWS, features, prototypes, write_files

from pointclip import few_shot, protocols, scores, store, zero_shot
from pointclip.errors import UserError


LABELS = np.repeat(np.arange(CLASSES), 6)
IDENTITY = {
    "dataset": "toy",
    "projection": "p",
    "prompts": "q",
    "backbone": "b",
    "method": "zero_shot",
    "protocol": "plain",
    "shots": 0,
}


def test_equal_weights_rank_as_the_released_concatenation_does():
    x, text = features(LABELS, 3).float(), prototypes()
    # SPEC 1.4: per-view normalised, concatenated; text repeated and normalised over all views.
    unit = torch.nn.functional.normalize(x, dim=-1).flatten(1)
    repeated = torch.nn.functional.normalize(text.repeat(1, VIEWS), dim=-1)
    released = 100 * unit @ repeated.T
    ours = zero_shot.combine(zero_shot.per_view_logits(x, text, 100.0))
    torch.testing.assert_close(ours * VIEWS**0.5, released, rtol=1e-4, atol=1e-3)


def test_softmax_averages_probabilities_with_their_weights():
    logits = zero_shot.per_view_logits(features(LABELS, 3), prototypes(), 100.0)
    weights = torch.tensor([1.0, 0.5, 0.0, 0.25])
    expected = (logits.softmax(-1) * (weights / weights.sum()).reshape(1, -1, 1)).sum(1)
    torch.testing.assert_close(zero_shot.combine(logits, weights, "softmax").exp(), expected)
    with pytest.raises(UserError, match="Unknown way to combine views 'mean': choose one of cos"):
        zero_shot.combine(logits, how="mean")


def test_a_constant_feature_gives_finite_logits():
    constant = torch.zeros(3, VIEWS, prototypes().shape[1])
    assert torch.isfinite(zero_shot.per_view_logits(constant, prototypes(), 100.0)).all()


def test_nan_features_are_one_sentence():
    broken = features(LABELS, 3)
    broken[4, 1, 2] = torch.nan
    with pytest.raises(UserError, match="features of 1 shapes hold NaN"):
        zero_shot.per_view_logits(broken, prototypes(), 100.0)


def test_streamed_file_equals_the_arrays_and_scores_under_both_methods(tmp_path):
    paths = write_files(tmp_path)
    out = tmp_path / "logits.h5"
    zero_shot.write_logits(paths["test_features"], paths["text"], None, out, rows=7)
    whole, labels = few_shot.read_labelled(paths["test_features"], paths["test_labels"])
    expected = zero_shot.per_view_logits(whole, prototypes(), 100.0)
    with store.open_h5(out) as f:
        torch.testing.assert_close(torch.from_numpy(f["logits"][:]), expected)
        assert f["weights"][:].tolist() == [1] * VIEWS
    for method, how in (("zero_shot", "cosine"), ("zero_shot_softmax", "softmax")):
        files = tmp_path / "s.parquet", tmp_path / "p.parquet"
        scores.score(out, paths["test_labels"], {**IDENTITY, "method": method}, *files)
        (row,) = store.read_parquet(files[0]).to_dict("records")
        right = (zero_shot.combine(expected, how=how).argmax(-1) == labels).float().mean()
        assert row["accuracy"] == pytest.approx(100 * float(right))
        assert row["shots"] == 0 and pd.isna(row["seed"])


def test_validation_weights_come_from_held_out_train_shapes(tmp_path):
    paths = write_files(tmp_path)
    held_out = few_shot.read_held_out(
        paths["shots"], paths["train_labels"], paths["train_features"]
    )
    assert held_out is not None and len(held_out[1]) == 20
    logits = zero_shot.per_view_logits(held_out[0], prototypes(), 100.0)
    weights = protocols.zero_shot_weights(logits, held_out[1])
    uniform = (zero_shot.combine(logits).argmax(-1) == held_out[1]).float().mean()
    weighted = (zero_shot.combine(logits, weights).argmax(-1) == held_out[1]).float().mean()
    assert weighted >= uniform


def test_nothing_held_out_is_scored_to_no_rows(tmp_path):
    paths = write_files(tmp_path, shots=(4,), per_class=4)
    drawn = paths["shots"], paths["train_labels"], paths["train_features"]
    assert few_shot.read_held_out(*drawn) is None
    out = tmp_path / "logits.h5"
    zero_shot.write_no_logits(paths["text"], out)
    files = tmp_path / "s.parquet", tmp_path / "p.parquet"
    scores.score(out, paths["test_labels"], IDENTITY, *files)
    assert store.read_parquet(files[0]).empty and store.read_parquet(files[1]).empty


def test_released_takes_the_shipped_weights_where_there_are_any():
    logits = torch.rand(10, 10, 3)
    labels = torch.arange(10) % 3
    where = {"projection": "pointclip_v2", "dataset": "modelnet40", "backbone": "rn50"}
    shipped = protocols.released_weights(logits, labels, **where)
    assert shipped.tolist() == [0.75, 0.75, 0.75, 0.75, 0.25, 0.5, 1, 1, 0.25, 0.25]
    searched = protocols.released_weights(logits[:, :6], labels, "pointclip_zs", "modelnet40", "b")
    assert len(searched) == 6


def test_shards_without_a_shape_change_nothing(tmp_path):
    paths = write_files(tmp_path)
    whole, parts = tmp_path / "whole.h5", tmp_path / "parts.h5"
    shards = []
    with store.open_h5(paths["test_features"][0]) as f:
        features, ids = f["features"][:], f["id"][:]
    for number, rows in enumerate((slice(0, 0), slice(0, 0), slice(0, 3), slice(3, None))):
        shards.append(tmp_path / f"part-{number}.h5")
        with store.new_h5(shards[-1]) as f:
            f["features"], f["id"] = features[rows], ids[rows]
    zero_shot.write_logits(paths["test_features"][:1], paths["text"], None, whole)
    zero_shot.write_logits(shards, paths["text"], None, parts)
    assert whole.read_bytes() == parts.read_bytes()
