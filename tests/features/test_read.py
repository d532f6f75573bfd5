import numpy as np
import pandas as pd
import pytest

from pointclip.core.errors import UserError
from pointclip.core.store import new_h5, write_parquet
from pointclip.features.read import (
    check_weights,
    feature_blocks,
    read_features,
    read_held_out,
    read_labelled,
    read_labels,
    read_prototypes,
)


MADE_BY = {"weights_sha256": "ab" * 32, "dtype": "float32", "device": "cpu"}
DATA = np.random.default_rng(0).normal(size=(7, 2, 3)).astype(np.float16)
IDS = np.array([f"train/{i}" for i in range(7)], dtype=object)


def write_shards(folder, *attrs):
    """Seven shapes over as many shards as there are attributes."""
    paths = []
    for shard, (rows, made_by) in enumerate(
        zip(np.array_split(np.arange(7), len(attrs)), attrs, strict=True)
    ):
        paths.append(folder / f"train-{shard}.h5")
        with new_h5(paths[-1], **made_by) as f:
            f["features"], f["id"] = DATA[rows], IDS[rows]
    return paths


def write_labels(folder):
    frame = pd.DataFrame({"id": IDS, "label": np.arange(7) % 3, "class": "x"})
    write_parquet(frame, folder / "labels.parquet", classes=["x", "y", "z"])
    return folder / "labels.parquet"


def test_rows_are_found_over_all_shards_in_the_order_asked_for(tmp_path):
    paths = write_shards(tmp_path, MADE_BY, MADE_BY, MADE_BY)
    np.testing.assert_array_equal(read_features(paths), DATA)
    np.testing.assert_array_equal(read_features(paths, IDS[[5, 0, 3]]), DATA[[5, 0, 3]])
    blocks = [block for _, block in feature_blocks(paths, 2)]
    assert max(map(len, blocks)) == 2
    np.testing.assert_array_equal(np.concatenate(blocks), DATA)


def test_an_empty_shard_is_an_empty_block(tmp_path):
    with new_h5(tmp_path / "empty.h5", **MADE_BY) as f:
        f["features"], f["id"] = DATA[:0], np.array([], "S")
    ((_, block),) = feature_blocks([tmp_path / "empty.h5"], 2)
    assert block.shape == (0, 2, 3)


@pytest.mark.parametrize(
    ("key", "other"), [("dtype", "float16"), ("device", "cuda"), ("weights_sha256", "cd" * 32)]
)
def test_shards_that_were_encoded_otherwise_are_refused_in_one_sentence(tmp_path, key, other):
    paths = write_shards(tmp_path, MADE_BY, MADE_BY, MADE_BY | {key: other})
    for read in (read_features, lambda files: list(feature_blocks(files, 2))):
        with pytest.raises(UserError) as caught:
            read(paths)
        sentence = str(caught.value)
        assert f"{paths[0]} was encoded with {key} {MADE_BY[key]}, {paths[2]} with " in sentence
        assert other in sentence and "\n" not in sentence


def test_shards_that_do_not_say_how_they_were_encoded_do_not_mix_with_others(tmp_path):
    with pytest.raises(UserError, match=r"weights_sha256 .*, .*train-1.h5 with unknown"):
        read_features(write_shards(tmp_path, MADE_BY, {}))
    np.testing.assert_array_equal(read_features(write_shards(tmp_path, {}, {})), DATA)


def test_features_and_text_of_other_weights_are_refused(tmp_path):
    (features,) = write_shards(tmp_path, MADE_BY)
    text = tmp_path / "text.parquet"
    frame = pd.DataFrame({"class": ["x"], "feature": [[1.0, 0.0, 0.0]]})
    write_parquet(frame, text, logit_scale=100.0, **MADE_BY | {"device": "cuda"})
    check_weights(features, text)  # another device is no other encoder
    write_parquet(frame, text, logit_scale=100.0, **MADE_BY | {"weights_sha256": "cd" * 32})
    with pytest.raises(UserError, match=r"train-0.h5 was encoded with weights_sha256 ab.* cd"):
        check_weights(features, text)


def test_labels_keep_the_shape_of_the_ids(tmp_path):
    labels = write_labels(tmp_path)
    np.testing.assert_array_equal(read_labels(labels, IDS[[[1, 6], [3, 2]]]), [[1, 0], [0, 2]])
    features, read = read_labelled(write_shards(tmp_path, MADE_BY, MADE_BY), labels)
    np.testing.assert_array_equal(features, DATA)
    np.testing.assert_array_equal(read, np.arange(7) % 3)


def test_held_out_shapes_are_those_of_the_shots_file_or_none(tmp_path):
    paths, labels = write_shards(tmp_path, MADE_BY), write_labels(tmp_path)
    shots = pd.DataFrame(
        {"protocol": ["validation", "plain", "validation"], "shots": 0, "seed": 0, "id": IDS[:3]}
    )
    write_parquet(shots, tmp_path / "shots.parquet")
    features, found = read_held_out(tmp_path / "shots.parquet", labels, paths)
    np.testing.assert_array_equal(features, DATA[[0, 2]])
    np.testing.assert_array_equal(found, [0, 2])
    write_parquet(shots[1:2], tmp_path / "shots.parquet")
    assert read_held_out(tmp_path / "shots.parquet", labels, paths) is None


def test_prototypes_come_with_scale_and_names(tmp_path):
    frame = pd.DataFrame({"class": ["x", "y"], "feature": [[1.0, 0.0], [0.0, 1.0]]})
    write_parquet(frame, tmp_path / "text.parquet", logit_scale=14.0)
    prototypes, scale, classes = read_prototypes(tmp_path / "text.parquet")
    np.testing.assert_array_equal(prototypes, np.eye(2, dtype=np.float32))
    assert (scale, classes) == (14.0, ["x", "y"])
    with pytest.raises(UserError, match="does not exist"):
        read_prototypes(tmp_path / "missing.parquet")
