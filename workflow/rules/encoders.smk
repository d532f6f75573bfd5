"""The weights of the backbones.

In: nothing, a folder of the user's, or the hub. Out: a manifest that names the checkpoint.
"""


def encoder_files(wildcards):
    """What a backbone is loaded from: a checkpoint or the manifest that names one, and its JSON."""
    entry = ENTRIES["backbones"][wildcards.backbone]
    manifest = f"<resources>/weights/{entry['fetched']}/weights.json"
    return {"weights": manifest} | entry["files"]


rule fetch_weights:
    output:
        # Written last; the checkpoint itself may lie anywhere, and this says where.
        "<resources>/weights/{backbone}/weights.json",
    log:
        "<logs>/fetch_weights/{backbone}.log",
    localrule: True
    conda:
        "../../environment.yml"
    resources:
        mem_mb=per_attempt(2000),
        runtime=per_attempt(120),
    params:
        backbone=entry_of("backbone", "entry"),
    script:
        "../../scripts/fetch_weights.py"
