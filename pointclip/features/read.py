"""Features, labels and prototypes as a classifier takes them from the files of the DAG."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from pointclip.core import store
from pointclip.core.errors import UserError
from pointclip.data.shots import validation_ids


Paths = Sequence[str | Path]
Features = Float[np.ndarray, "shape view channel"]
Labels = Int[np.ndarray, "*batch"]
Prototypes = Float[np.ndarray, "class channel"]


def read_prototypes(path: str | Path) -> tuple[Prototypes, float, list[str]]:
    """Prototypes, logit scale and class names of a text file."""
    frame = store.read_parquet(path)
    features = np.stack(frame["feature"].to_list()).astype(np.float32)
    return features, float(frame.attrs["logit_scale"]), frame["class"].to_list()


def read_features(paths: Paths, ids: np.ndarray | None = None) -> Features:
    """Features of the shapes `ids` over all shards, in that order, or of all shapes.

    Raises:
        UserError: if an id is in no shard, or the shards were not encoded alike.
    """
    check_shards(paths)
    return store.read_h5_rows(paths, "features", ids)


def feature_blocks(paths: Paths, rows: int) -> Iterator[tuple[str | Path, Features]]:
    """Shard and features, at most `rows` shapes at a time, in order; a block at least a shard.

    Raises:
        UserError: if the shards were not encoded alike.
    """
    check_shards(paths)
    for path in paths:
        with store.open_h5(path) as f:
            data = f["features"]
            for row in range(0, max(len(data), 1), rows):
                yield path, data[row : row + rows]


def read_labels(path: str | Path, ids: np.ndarray) -> Labels:
    """Labels of the shapes `ids`, in the same array shape as these."""
    label_of = store.read_parquet(path, columns=["id", "label"]).set_index("id")["label"]
    labels = np.array(label_of.reindex(ids.reshape(-1).astype(str)), dtype=np.int64)
    return labels.reshape(ids.shape)


def read_labelled(features: Paths, labels: str | Path) -> tuple[Features, Labels]:
    """Features and labels of a whole split, for `released` only."""
    return read_features(features), read_labels(labels, store.ids_of(features))


def read_held_out(
    shots: str | Path, labels: str | Path, features: Paths
) -> tuple[Features, Labels] | None:
    """Features and labels of the held-out TRAIN shapes; None where nothing is held out."""
    ids = validation_ids(store.read_parquet(shots))
    if not len(ids):
        return None
    return read_features(features, ids), read_labels(labels, ids)


def check_shards(paths: Paths) -> None:
    """See that shards were encoded alike: by the same weights, precision and type of device.

    Raises:
        UserError: naming two shards that were not.
    """
    _check_equal(paths, ("weights_sha256", "dtype", "device"))


def check_weights(*paths: str | Path) -> None:
    """See that files of features, augmented features and text come from the same weights.

    Raises:
        UserError: naming two files that do not.
    """
    _check_equal(paths, ("weights_sha256",))


def _check_equal(paths: Paths, keys: Sequence[str]) -> None:
    described = [(path, _attrs(path)) for path in paths]
    for path, attrs in described[1:]:
        first, expected = described[0]
        for key in keys:
            if attrs.get(key) != expected.get(key):
                raise UserError(
                    f"{first} was encoded with {key} {expected.get(key, 'unknown')}, {path} with "
                    f"{attrs.get(key, 'unknown')}: delete one of them and run again on the machine "
                    "that made the other, and it is encoded alike."
                )


def _attrs(path: str | Path) -> dict[str, Any]:
    if Path(path).suffix == ".parquet":
        return store.read_parquet(path, columns=[]).attrs
    with store.open_h5(path) as f:
        return dict(f.attrs)
