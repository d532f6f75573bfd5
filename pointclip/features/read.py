"""What a classifier works on, gathered from the files of the DAG: features, labels, prototypes."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from pointclip.core import store
from pointclip.data.shots import validation_ids


Paths = Sequence[str | Path]
Features = Float[np.ndarray, "shape view channel"]
Labels = Int[np.ndarray, "*shape"]
Prototypes = Float[np.ndarray, "label channel"]


def read_prototypes(path: str | Path) -> tuple[Prototypes, float, list[str]]:
    """Prototypes, logit scale and class names of a text file."""
    frame = store.read_parquet(path)
    features = np.stack(frame["feature"].to_list()).astype(np.float32)
    return features, float(frame.attrs["logit_scale"]), frame["class"].to_list()


def read_features(paths: Paths, ids: np.ndarray | None = None) -> Features:
    """Features of the shapes `ids`, in that order, or of all."""
    return store.read_h5_rows(paths, "features", ids)


def read_labels(path: str | Path, ids: np.ndarray) -> Labels:
    """Labels of the shapes `ids`, in the same shape as these."""
    label_of = store.read_parquet(path, columns=["id", "label"]).set_index("id")["label"]
    labels = np.array(label_of.reindex(ids.reshape(-1).astype(str)), dtype=np.int64)
    return labels.reshape(ids.shape)


def read_labelled(features: Paths, labels: str | Path) -> tuple[Features, Labels]:
    """Features and labels of a whole split, for `released` only."""
    return read_features(features), read_labels(labels, store.ids_of(features))


def read_held_out(
    drawn: str | Path, labels: str | Path, features: Paths
) -> tuple[Features, Labels] | None:
    """Features and labels of the held-out TRAIN shapes; None where nothing is held out."""
    ids = validation_ids(store.read_parquet(drawn))
    if not len(ids):
        return None
    return read_features(features, ids), read_labels(labels, ids)
