"""What may be chosen, and on what: the protocols in the order in which tables list them.

A new one needs its name in `config/schema.yaml` too, the experiments that exist under it in
`config/experiments.py`, and rules that write their logits: `zero_shot.smk`, `few_shot.smk` (what a
method gets to see: `classification/few_shot/task.py`), `transductive.smk`.
"""

from typing import Any


# Protocol -> what it means, in one sentence.
PROTOCOLS = {
    "plain": "Nothing is chosen: uniform view weights, the last epoch, no label but the shots'.",
    "validation": "Weights, epoch and hyper-parameters are chosen on held-out train shapes.",
    "transductive": "As plain, but the method reads the unlabelled test shapes.",
    "released": "Chosen on test labels (oracle), as the release does: for comparison alone.",
}
# What an entry of `samplings` leaves out: seeds of the shots; train shapes of a class that are held
# out, but at most a quarter of them, and by which seed.
SAMPLING: dict[str, Any] = {"seeds": [1, 2, 3], "validation_per_class": 4, "validation_seed": 0}
# Methods whose release chose epochs on test labels: for others there is nothing to reproduce.
RELEASED_METHODS = ("inter_view",)
