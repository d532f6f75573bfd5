"""Another model's logits for an ensemble: histograms of distances between points, and regression.

    python examples/other_model.py examples/other_model.parquet

Learns from the train split of the embedded shapes. Rows are shapes of both splits by the
data set's own ids, columns the logits of the classes: the form that `ensembles` of a config takes.
"""

import sys

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from pointclip.core.store import write_parquet
from pointclip.data.prepare import EMBEDDED, read_split


PAIRS, BINS = 20_000, 48


def distances(points: np.ndarray) -> np.ndarray:
    """How often two points of a cloud are so far apart, and so far apart in height."""
    rng = np.random.default_rng(0)
    gap = np.diff(points[rng.integers(0, len(points), (PAIRS, 2))], axis=1)[:, 0]
    far, high = np.linalg.norm(gap, axis=1), np.abs(gap[:, 1])
    counts = [np.histogram(x, BINS, (0, 2))[0] for x in (far, high)]
    return np.sqrt(np.concatenate(counts) / PAIRS)


def main(out: str) -> None:
    seen, labels, ids = [], [], []
    for split in ("train", "test"):
        stream = read_split({"reader": "furniture"}, EMBEDDED, split)
        chunks = list(stream.chunks)
        seen.append(np.array([distances(cloud) for chunk in chunks for cloud in chunk.points]))
        labels.append(np.concatenate([chunk.label for chunk in chunks]))
        ids += [name for chunk in chunks for name in chunk.source_ids]
    model = LogisticRegression(C=100, max_iter=2000).fit(seen[0], labels[0])
    logits = model.decision_function(np.concatenate(seen)).astype(np.float32)
    frame = pd.DataFrame(logits, columns=stream.classes)
    write_parquet(frame.assign(id=ids), out)
    right = model.predict(seen[1]) == labels[1]
    sys.stdout.write(f"{100 * right.mean():.1f} % of {len(right)} test shapes\n")


if __name__ == "__main__":
    main(sys.argv[1])
