import few_shot_data
import h5py
import numpy as np
import pandas as pd
import pytest
import torch
from few_shot_data import CLASSES, VIEWS, write_files, zero_shot_run

from pointclip.classification import zero_shot
from pointclip.core import store
from pointclip.core.checksum import seal_h5
from pointclip.core.errors import UserError
from pointclip.data.shots import validation_ids
from pointclip.evaluation.score import score
from pointclip.features.read import read_held_out, read_labelled


def features(*of: object) -> np.ndarray:
    return few_shot_data.features(*of).numpy()


TEXT = few_shot_data.prototypes().numpy()
LABELS = np.repeat(np.arange(CLASSES), 6)


def test_equal_weights_rank_as_the_released_concatenation_does():
    x, text = (torch.from_numpy(a).float() for a in (features(LABELS, 3), TEXT))
    # SPEC 1.4: per-view normalised, concatenated; text repeated and normalised over all views.
    unit = torch.nn.functional.normalize(x, dim=-1).flatten(1)
    repeated = torch.nn.functional.normalize(text.repeat(1, VIEWS), dim=-1)
    released = 100 * unit @ repeated.T
    ours = zero_shot.combine(zero_shot.per_view_logits(x.numpy(), TEXT, 100.0))
    np.testing.assert_allclose(ours * VIEWS**0.5, released, rtol=1e-4, atol=1e-3)


def test_softmax_averages_probabilities_with_their_weights():
    logits = zero_shot.per_view_logits(features(LABELS, 3), TEXT, 100.0)
    weights = np.array([1.0, 0.5, 0.0, 0.25])
    share = torch.from_numpy(logits).double().softmax(-1).numpy()
    expected = (share * (weights / weights.sum()).reshape(1, -1, 1)).sum(1)
    combined = zero_shot.combine(logits, weights, "zero_shot_softmax")
    np.testing.assert_allclose(np.exp(combined), expected, rtol=1e-4)
    with pytest.raises(UserError, match="Unknown zero-shot method 'mean': choose one of zero_shot"):
        zero_shot.combine(logits, method="mean")


def test_views_like_the_mean_view_weigh_more():
    x = features(LABELS, 3)
    logits, similarity = zero_shot.per_view_logits(x, TEXT, 100.0), zero_shot.view_similarity(x)
    unit = torch.nn.functional.normalize(torch.from_numpy(x).float(), dim=-1)
    mean = torch.nn.functional.normalize(unit.mean(1), dim=-1)
    np.testing.assert_allclose(similarity, (unit * mean[:, None]).sum(-1), rtol=1e-5)
    share = torch.from_numpy(zero_shot.SHARPNESS * similarity).double().softmax(-1).numpy()
    expected = (logits * share[..., None]).sum(1)
    found = zero_shot.combine(logits, method="zero_shot_mvf", similarity=similarity)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    with pytest.raises(UserError, match="no similarities"):
        zero_shot.combine(logits, method="zero_shot_mvf")


def test_half_of_the_views_are_kept_by_entropy():
    logits = np.zeros((1, 3, 2))
    logits[0, :, 0] = [3.0, 0.0, 1.0]  # entropy: least in the first view, most in the second
    found = np.exp(zero_shot.combine(logits, method="zero_shot_entropy"))
    expected = (torch.tensor([3.0, 1.0]).sigmoid().mean()).item()
    np.testing.assert_allclose(found, [[expected, 1 - expected]], rtol=1e-6)
    one = zero_shot.combine(logits[:, :1], method="zero_shot_entropy")
    np.testing.assert_allclose(np.exp(one)[0, 0], torch.tensor(3.0).sigmoid(), rtol=1e-6)


def test_a_constant_feature_gives_finite_logits():
    constant = np.zeros((3, VIEWS, TEXT.shape[1]), np.float32)
    assert np.isfinite(zero_shot.per_view_logits(constant, TEXT, 100.0)).all()


def test_nan_features_are_one_sentence():
    broken = features(LABELS, 3)
    broken[4, 1, 2] = np.nan
    with pytest.raises(UserError, match="features of 1 shapes hold NaN"):
        zero_shot.per_view_logits(broken, TEXT, 100.0)


def test_streamed_file_equals_the_arrays_and_scores_under_both_methods(tmp_path):
    paths = write_files(tmp_path)
    out = tmp_path / "logits.h5"
    zero_shot.write_logits(paths["test_features"], paths["text"], None, out, rows=7)
    whole, labels = read_labelled(paths["test_features"], paths["test_labels"])
    expected = zero_shot.per_view_logits(whole, TEXT, 100.0)
    with store.open_h5(out) as f:
        np.testing.assert_allclose(f["logits"][:], expected, rtol=1e-5)
        assert f["weights"][:].tolist() == [1] * VIEWS
    rows = score([zero_shot_run()], [out], {"toy": paths["test_labels"]}).to_dict("records")
    assert {row["method"] for row in rows} == set(zero_shot.COMBINE)
    similarity = zero_shot.view_similarity(whole)
    for row in rows:
        combined = zero_shot.combine(expected, method=row["method"], similarity=similarity)
        right = (combined.argmax(-1) == labels).mean()
        assert row["accuracy"] == pytest.approx(100 * float(right))
        assert row["shots"] == 0 and pd.isna(row["seed"])


def test_held_out_shapes_are_train_shapes_with_their_labels(tmp_path):
    paths = write_files(tmp_path)
    held_out = read_held_out(paths["shots"], paths["train_labels"], paths["train_features"])
    assert held_out is not None and len(held_out[1]) == 15
    ids = validation_ids(store.read_parquet(paths["shots"]))
    frame = store.read_parquet(paths["train_labels"]).set_index("id")
    np.testing.assert_array_equal(held_out[1], frame.loc[ids, "label"])
    rows = store.read_h5_rows(paths["train_features"], "features", ids)
    np.testing.assert_array_equal(held_out[0], rows)


def test_nothing_held_out_is_scored_to_no_rows(tmp_path):
    paths = write_files(tmp_path, shots=(3,), per_class=3)
    sampled = paths["shots"], paths["train_labels"], paths["train_features"]
    assert read_held_out(*sampled) is None
    out = tmp_path / "logits.h5"
    zero_shot.write_no_logits(paths["text"], out)
    assert score([zero_shot_run()], [out], {"toy": paths["test_labels"]}).empty


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


def test_shards_encoded_on_another_device_are_refused(tmp_path):
    paths = write_files(tmp_path)
    with h5py.File(paths["test_features"][1], "a") as f:
        f.attrs["device"] = "cuda"
    seal_h5(paths["test_features"][1])
    with pytest.raises(UserError, match=r"was encoded with device unknown, .* with cuda"):
        zero_shot.write_logits(paths["test_features"], paths["text"], None, tmp_path / "l.h5")
    assert not (tmp_path / "l.h5").exists()
