"""What may be chosen, and on what: the protocols in the order in which tables list them.

A new one needs its name in `config/schema.yaml` too, the experiments that exist under it in
`config/experiments.py`, and rules that write their logits.
"""

# Protocol -> what it means, in one sentence.
PROTOCOLS = {
    "plain": "Nothing is chosen: uniform view weights, the last epoch, no label but the shots'.",
    "validation": "Weights, epoch and hyper-parameters are chosen on held-out train shapes.",
    "transductive": "As plain, but the method reads the unlabelled test shapes.",
    "released": "Chosen on test labels (oracle), as the release does: for comparison alone.",
}
# Methods whose release chose epochs on test labels: for others there is nothing to reproduce.
RELEASED_METHODS = ("inter_view",)
