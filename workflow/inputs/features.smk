"""Input functions and params of encoders.smk, features.smk, joins.smk."""

from pointclip.catalog.projections import NO_PROJECTION


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
    if "module" in entry["entry"]:
        return {"weights": []} | entry["files"]
    manifest = f"<resources>/weights/{entry['fetched']}/weights.json"
    return {"weights": manifest} | entry["files"]


wildcard_constraints:
    network=one_of(REGISTRATION_ENTRIES["networks"]),


# Projections that only take some views of another one (`source`), or join others (`parts`).
SUBSETS = [name for name, of in ENTRIES["projections"].items() if of["views"]]
JOINS = [name for name, of in ENTRIES["projections"].items() if of["parts"]]
WHOLE = [
    name
    for name in ENTRIES["projections"]
    if name not in {*SUBSETS, *JOINS, NO_PROJECTION}
]
# 3D encoders have rules of their own (points.smk).
POINT_ENCODERS = [name for name, of in ENTRIES["backbones"].items() if of["points"]]


def features(split):
    """The feature shards of a split."""
    axes = ("dataset", "projection", "backbone")
    return lambda wildcards: shards(
        "features", split=split, **{axis: wildcards[axis] for axis in axes}
    )
