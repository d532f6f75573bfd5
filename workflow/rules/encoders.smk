"""The weights of the backbones.

In: nothing, a folder of the user's, or the hub. Out: a manifest that names the checkpoint.
"""


def encoder_files(wildcards):
    """What a backbone is loaded from: a checkpoint or the manifest that names one, and its JSON."""
    return files_of_backbone(ENTRIES["backbones"][wildcards.backbone])


def text_files(wildcards):
    """What the text features of a backbone are made with: a 3D encoder has another's text tower."""
    entry = ENTRIES["backbones"][wildcards.backbone]
    files = files_of_backbone(entry)
    if entry["text"]:
        tower = files_of_backbone(ENTRIES["backbones"][entry["text"]])
        files |= {f"text_{key}": file for key, file in tower.items()}
    return files


def text_backbone(wildcards):
    """The entry of the backbone whose text tower a 3D encoder has."""
    text = ENTRIES["backbones"][wildcards.backbone]["text"]
    return ENTRIES["backbones"][text]["entry"] if text else None


def files_of_backbone(entry):
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
