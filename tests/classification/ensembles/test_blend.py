import numpy as np
import pytest
import torch
from few_shot_data import few_shot_run, read_files, write_external, write_files, zero_shot_run

from pointclip.classification import zero_shot
from pointclip.classification.ensembles import blend, external_logits
from pointclip.classification.few_shot.adapter_file import read_adapter, write_adapter
from pointclip.classification.few_shot.train import train
from pointclip.core import store
from pointclip.core.errors import UserError
from pointclip.data.shots import validation_ids
from pointclip.evaluation.score import score
from pointclip.features.read import read_prototypes


def test_weight_one_is_ours_and_zero_the_other_model():
    rng = np.random.default_rng(0)
    ours, theirs = rng.normal(size=(2, 20, 3)).astype(np.float32)
    for weight, only in ((1.0, ours), (0.0, theirs)):
        mixed = blend.blend(ours, theirs, weight)
        np.testing.assert_array_equal(mixed.argsort(1), only.argsort(1))
    with pytest.raises(
        UserError, match=r"Blend weight 1\.5 is not in range: give a number from 0 to 1"
    ):
        blend.blend(ours, theirs, 1.5)


def test_blend_does_not_mind_another_offset_of_logits():
    rng = np.random.default_rng(0)
    ours, theirs = rng.normal(size=(2, 20, 3)).astype(np.float32)
    moved = theirs + 7 * np.arange(20, dtype=np.float32)[:, None]
    np.testing.assert_allclose(blend.blend(ours, theirs), blend.blend(ours, moved), atol=1e-4)


def test_the_tuned_weight_is_the_best_and_nearest_to_a_half():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 60)
    ours, theirs = rng.normal(size=(2, 60, 3)).astype(np.float32)
    theirs[np.arange(60), labels] += 2
    ours[np.arange(60), labels] += 1
    weight, accuracy = blend.tune_blend_weight(ours, theirs, labels)
    right = {
        step / 20: 100 * (blend.blend(ours, theirs, step / 20).argmax(1) == labels).mean()
        for step in range(21)
    }
    assert accuracy == max(right.values()) == right[weight]
    assert all(abs(w - 0.5) >= abs(weight - 0.5) for w, a in right.items() if a == accuracy)


def test_a_blended_file_is_scored_like_the_others(tmp_path):
    paths = write_files(tmp_path)
    frame = store.read_parquet(paths["test_labels"])
    names = frame.attrs["classes"]
    sure = np.full((len(frame), 5), -9, np.float32)
    sure[np.arange(len(frame)), frame["label"]] = 9
    own = external_logits.read_source_ids(paths["test_ids"])
    theirs = write_external(tmp_path / "theirs.npz", own.values(), names, sure)
    ours = {"zero_shot": tmp_path / "z.h5", "few_shot": tmp_path / "f.h5"}
    zero_shot.write_logits(paths["test_features"], paths["text"], None, ours["zero_shot"])
    with store.new_h5(ours["few_shot"], classes=names) as f:
        f["logits"], f["seed"] = np.zeros((2, len(frame), 5), np.float32), np.array([1, 2])
        f["id"] = frame["id"].to_numpy(object)
    for kind, path in ours.items():
        weight = 0.1 if kind == "zero_shot" else [0.1, 1.0]
        blend.write_blend(path, theirs, tmp_path / "b.h5", weight, own)
        run = zero_shot_run() if kind == "zero_shot" else few_shot_run("tip", "plain")
        run["ensemble"] = "theirs"
        table = score([run], [tmp_path / "b.h5"], {"toy": paths["test_labels"]})
        assert table["accuracy"].tolist() == ([100] if kind == "zero_shot" else [100, 20])
        assert set(table["method"]) == {f"{'zero_shot' if kind == 'zero_shot' else 'tip'}+theirs"}


def write_ours(kind, paths, folder):
    """Our side under `validation`: an adapter of three seeds, or zero-shot logits."""
    if kind == "zero_shot":
        zero_shot.write_logits(paths["test_features"], paths["text"], None, folder / "l.h5")
        return folder / "l.h5"
    task = read_files(paths)
    state = train("nearest_mean", task)["plain"]
    write_adapter(state, task, folder / "a.safetensors", "nearest_mean", "plain")
    return folder / "a.safetensors"


@pytest.mark.parametrize("kind", ["zero_shot", "few_shot"])
@pytest.mark.parametrize("other_is", ["wrong", "right"])
def test_the_weight_is_tuned_on_held_out_train_shapes_alone(tmp_path, kind, other_is):
    paths = write_files(tmp_path)
    ours = write_ours(kind, paths, tmp_path)
    ids = validation_ids(store.read_parquet(paths["shots"]))
    frame = store.read_parquet(paths["train_labels"])
    names, label = frame.attrs["classes"], frame.set_index("id").loc[ids, "label"].to_numpy()
    own = external_logits.read_source_ids(paths["train_ids"])
    # Sure of every label, or sure of another one; it holds no other shape.
    shown = label if other_is == "right" else (label + 1) % 5
    sure = 99 * np.eye(5, dtype=np.float32)[shown]
    theirs = write_external(tmp_path / "theirs.npz", [own[i] for i in ids], names, sure)
    train_split = paths["train_labels"], paths["train_ids"], paths["train_features"]
    found = blend.tune_blend_weights(ours, theirs, paths["text"], paths["shots"], *train_split)
    assert found["seed"].isna().tolist() == ([True] if kind == "zero_shot" else [False] * 3)
    if other_is == "right":
        assert (found["accuracy"] == 100).all() and (found["blend_weight"] <= 0.5).all()
        return
    # Nothing but ours alone is right: as accurate as ours are on these shapes.
    features = store.read_h5_rows(paths["train_features"], "features", ids)
    if kind == "zero_shot":
        prototypes, scale, _ = read_prototypes(paths["text"])
        logits = zero_shot.combine(zero_shot.per_view_logits(features, prototypes, scale))[None]
    else:
        logits = read_adapter(ours).logits(torch.from_numpy(features)).numpy()
    expected = 100 * (logits.argmax(-1) == label).mean(-1)
    np.testing.assert_allclose(found["accuracy"], expected)
    assert (found["blend_weight"] > 0.5).all()


def test_nothing_is_tuned_where_nothing_is_held_out(tmp_path):
    paths = write_files(tmp_path, shots=(3,), per_class=3)
    train_split = paths["train_labels"], paths["train_ids"], paths["train_features"]
    given = tmp_path / "l.h5", tmp_path / "theirs.npz", paths["text"], paths["shots"]
    found = blend.tune_blend_weights(*given, *train_split)
    assert found.empty and list(found) == ["seed", "blend_weight", "accuracy"]
