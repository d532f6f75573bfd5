"""Features of single sentences, beside the prototypes in a text file."""

from pathlib import Path

import numpy as np
from jaxtyping import Float

from pointclip.core import store


def read_sentences(
    path: str | Path,
) -> tuple[Float[np.ndarray, "class sentence channel"], float]:
    """Unit features of each class's first sentences, and the mean length of all before that.

    Every class gives as many sentences as the class with the fewest has.
    """
    frame = store.read_parquet(path)
    channels = len(frame["feature"].iloc[0])
    each = [np.reshape(flat, (-1, channels)) for flat in frame["sentence_features"]]
    fewest = min(len(sentences) for sentences in each)
    lengths = np.linalg.norm(np.concatenate(each), axis=1)
    kept = np.stack([sentences[:fewest] for sentences in each]).astype(np.float32)
    unit = kept / np.linalg.norm(kept, axis=2, keepdims=True).clip(1e-12)
    return unit, float(lengths.mean())
