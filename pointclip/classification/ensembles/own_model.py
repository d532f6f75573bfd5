"""Zero-shot logits of one of our backbones, written as another model's file is read."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from pointclip.classification.zero_shot import combine, per_view_logits
from pointclip.core import store
from pointclip.features.read import check_weights, feature_blocks, read_prototypes


BLOCK = 4096  # shapes at a time


def write_own_logits(features: Sequence[str | Path], text: str | Path, out: str | Path) -> None:
    """Write the logits of all shapes of a split, all views weighted equally.

    Args:
        features: the shards of the split.
        out: gets a column `id` and one for every class, as `external_logits` reads them.

    Raises:
        UserError: if features and text come from other weights.
    """
    check_weights(*features, text)
    prototypes, scale, classes = read_prototypes(text)
    logits = [
        combine(per_view_logits(block, prototypes, scale))
        for _, block in feature_blocks(features, BLOCK)
    ]
    frame = pd.DataFrame(np.concatenate(logits), columns=classes)
    frame.insert(0, "id", store.ids_of(features).astype(str))
    store.write_parquet(frame, out)
