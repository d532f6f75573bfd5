"""All chunks of a split as one."""

import numpy as np


def gather(split):
    chunks = list(split.chunks)
    points, label = (np.concatenate([c[i] for c in chunks]) for i in range(2))
    return points, label, [name for c in chunks for name in c.source_ids]
