"""Few-shot methods, one module each; a new one is one module, one line here and a config entry.

A method offers
- `states(task, **parameters)`: yields what it has learned, once or after every epoch. The last
  one is the method's result where nothing may be chosen.
- `logits(state, features, prototypes, logit_scale)`: logits (seed, shape, label).
- `choose(task, state, features, labels, **parameters)`, if it has hyper-parameters to choose by
  labelled shapes: the state with the chosen ones.
Every tensor of a state leads with the seed axis.
"""

from pointclip.classification.adapters import (
    blend,
    inter_view,
    linear_probe,
    nearest_mean,
    tip,
    tip_f,
)
from pointclip.classification.adapters.task import FewShotTask, State


METHODS = {
    "inter_view": inter_view,
    "tip": tip,
    "tip_f": tip_f,
    "linear_probe": linear_probe,
    "nearest_mean": nearest_mean,
    "blend": blend,
}

__all__ = ["METHODS", "FewShotTask", "State"]
