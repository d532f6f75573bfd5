"""Transductive methods on batches that hold few of the classes, as StatA's evaluation has them.

A batch's classes are picked by test labels, so this is an ablation and no experiment: methods get
a batch's features alone, and the number of classes in it is told to none of them.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from pointclip.classification.transductive.run import on_items
from pointclip.classification.zero_shot import combine, per_view_logits
from pointclip.core.errors import UserError


def few_class_batches(
    features: Float[np.ndarray, "shape view channel"],
    labels: Int[np.ndarray, " shape"],
    prototypes: Float[np.ndarray, "class channel"],
    scale: float,
    methods: Sequence[str],
    present: Sequence[int],
    size: int,
    batches: int,
    seed: int,
) -> pd.DataFrame:
    """Accuracy of zero-shot and of every method, for every number of classes present.

    A batch has `size` shapes, or all that there are, sampled from as many random classes; a method
    that reads a stream gets it in the order in which it was sampled.

    Returns:
        A row a method, number of classes and batch: `method, classes, batch, accuracy` (percent).

    Raises:
        UserError: if more classes are asked for than there are.
    """
    known = np.unique(labels)
    if too_many := [count for count in present if count > len(known)]:
        raise UserError(f"{too_many[0]} classes cannot be present: there are {len(known)}.")
    rows = []
    for count in present:
        for batch in range(batches):
            rng = np.random.default_rng([seed, count, batch])
            chosen = rng.choice(known, count, replace=False)
            pool = rng.permutation(np.flatnonzero(np.isin(labels, chosen)))[:size]
            shapes, truth = features[pool], labels[pool]
            found = {"zero_shot": combine(per_view_logits(shapes, prototypes, scale))}
            found |= {name: on_items(name, shapes, prototypes, scale) for name in methods}
            rows += [
                {
                    "method": name,
                    "classes": count,
                    "batch": batch,
                    "accuracy": 100 * float((logits.argmax(1) == truth).mean()),
                }
                for name, logits in found.items()
            ]
    return pd.DataFrame(rows)
