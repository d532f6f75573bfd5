"""The weights of the backbones.

In: nothing, a folder of the user's, or the hub. Out: a manifest that names the checkpoint.
"""


rule fetch_weights:
    output:
        # Written last; the checkpoint itself may lie anywhere, and this says where.
        "<resources>/weights/{backbone}/weights.json",
    localrule: True
    params:
        backbone=entry_of("backbone", "entry"),
    script:
        "../../scripts/fetch_weights.py"
