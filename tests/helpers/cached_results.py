"""A folder of results as the workflow caches them: features, labels, scores."""

from pathlib import Path

import numpy as np
import pandas as pd
from score_rows import rows, zero_shot

from pointclip.config import paths
from pointclip.core import store


def write_features(
    results: Path, labels: list[int], classes: list[str], shards: int = 1, **ids: str
) -> None:
    """Features that tell classes apart, in shards, of shapes in another order than their labels."""
    names = [f"{ids['split']}/{k:06}" for k in range(len(labels))]
    frame = pd.DataFrame({"id": names, "label": labels}).iloc[::-1]
    store.write_parquet(frame, results / paths.path("labels", **ids), classes=classes)
    for shard, part in enumerate(np.array_split(np.arange(len(labels)), shards)):
        file = results / paths.path("features", **ids, shard=shard)
        with store.new_h5(file, view_names=["top", "azimuth 0°"], dtype="float32") as f:
            f["id"] = np.array([names[k] for k in part], dtype=object)
            one_hot = np.eye(len(classes), dtype=np.float16)[np.array(labels)[part]]
            f["features"] = np.stack([one_hot, one_hot + np.float16(0.1)], axis=1)


def write_scores(results: Path) -> None:
    frame = pd.DataFrame(zero_shot(40.0) + rows([60.0, 62.0], [1, 2]))
    store.write_parquet(frame, results / "scores.parquet")
