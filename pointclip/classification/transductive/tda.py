"""TDA: caches of sure and of unsure items, filled along a stream.

Karmanov et al., CVPR 2024; formulas and numbers are those of the release (kdiAAA/TDA,
tda_runner.py; alpha and beta are ImageNet's).
"""

import numpy as np
from jaxtyping import Int

from pointclip.classification.transductive.stata import Classes, Items, Soft
from pointclip.classification.transductive.stream import Cache, check_order, probabilities


ALPHA, BETA, SLOTS = 2.0, 5.0, 3
NEGATIVE_ALPHA, NEGATIVE_BETA, NEGATIVE_SLOTS = 0.117, 1.0, 2
UNSURE = 0.2, 0.5  # entropy in nats over log2 of the number of classes, as in the release
UNLIKELY = 0.03  # classes above it are taken for wrong where an item is unsure


def tda(
    items: Items,
    text: Classes,
    logit_scale: float,
    order: Int[np.ndarray, " place"],
    alpha: float = ALPHA,
    beta: float = BETA,
    negative: bool = True,
    positive: Cache | None = None,
) -> Soft:
    """Logits in the order of `items`; an item's depend on itself and on those before it in `order`.

    Args:
        negative: also keep unsure items, which speak against classes.
        positive: the cache of sure items to begin with; empty if None.
    """
    check_order(order, len(items))
    logits = logit_scale * items @ text.T
    p, entropy = probabilities(logits)
    classes, features = text.shape
    onehot, bits = np.eye(classes), max(np.log2(classes), 1e-12)
    sure = positive or Cache(classes, SLOTS, features)
    unsure = Cache(classes, NEGATIVE_SLOTS, features)
    result = logits.astype(np.float64)
    for i in order:
        label = int(p[i].argmax())
        sure.insert(label, items[i], onehot[label], entropy[i])
        if negative and UNSURE[0] < entropy[i] / bits < UNSURE[1]:
            against = ((p[i] > UNLIKELY) & (p[i] < 1)).astype(np.float64)
            unsure.insert(label, items[i], against, entropy[i])
        result[i] += alpha * sure.logits(items[i], beta)
        result[i] -= NEGATIVE_ALPHA * unsure.logits(items[i], NEGATIVE_BETA)
    return result
