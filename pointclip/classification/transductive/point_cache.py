"""Point-Cache, its global part: TDA on a cache that a first pass over the stream has begun.

Sun et al., CVPR 2025; formulas and numbers are those of the release (auniquesun/Point-Cache,
runners/model_with_global_cache.py, with alpha and beta of its command line). It sees the stream
twice, so an item's logits depend on later ones too.
"""

import numpy as np
from jaxtyping import Float, Int

from pointclip.classification.transductive.stata import Classes, Items, Soft
from pointclip.classification.transductive.stream import Cache, check_order, probabilities
from pointclip.classification.transductive.tda import SLOTS, tda


ALPHA, BETA = 4.0, 3.0


def point_cache(
    items: Items,
    text: Classes,
    logit_scale: float,
    order: Int[np.ndarray, " place"],
    alpha: float = ALPHA,
    beta: float = BETA,
) -> Soft:
    """Logits in the order of `items`."""
    check_order(order, len(items))
    p, entropy = probabilities(logit_scale * items @ text.T)
    begun = first_of_each_class(items, p, entropy, order)
    return tda(items, text, logit_scale, order, alpha, beta, positive=begun)


def first_of_each_class(
    items: Items, p: Soft, entropy: Float[np.ndarray, " shape"], order: Int[np.ndarray, " place"]
) -> Cache:
    """A cache of the first items of the stream that are taken for each class.

    Whatever their entropy; the pass ends as soon as all classes are full. The cache is not sorted.
    """
    classes = p.shape[1]
    cache, onehot = Cache(classes, SLOTS, items.shape[1]), np.eye(classes)
    for i in order:
        label = int(p[i].argmax())
        cache.append(label, items[i], onehot[label], entropy[i])
        if np.isfinite(cache.entropy).all():
            break
    return cache
