"""Input functions and params of segmentation.smk, part_results.smk."""

from pointclip.config import part_comparisons


def kinds_of_patches(wildcards):
    """The experiment's own kind of patches, and under `validation` those to choose from."""
    others = PARTS["segmenters"][wildcards.segmenter]["patches"]
    chosen = others if wildcards.protocol == "validation" else []
    return list(dict.fromkeys([wildcards.patches, *chosen]))


def patches_to_choose(split):
    """The shards of a split, kind by kind."""

    def found(wildcards):
        kinds = kinds_of_patches(wildcards)
        return [one for kind in kinds for one in patches_of(split)(wildcards, kind)]

    return found


def chosen_on(wildcards):
    """What `validation` chooses on: labelled train shapes."""
    if wildcards.protocol != "validation":
        return {}
    return {
        "train_clouds": file("part_clouds", split="train"),
        "train_labels": file("part_labels", split="train"),
        "train": patches_to_choose("train")(wildcards),
    }


def user_files(wildcards):
    """Sentences and view weights that the user supplies for `released`."""
    entry = PARTS["segmenters"][wildcards.segmenter]
    return [
        entry[key]
        for key in ("sentences", "view_weights")
        if entry[key] and wildcards.protocol == "released"
    ]


def part_adapter_metadata(wildcards):
    """What a file of learned parts says of its making."""
    return {
        "projection": ENTRIES["projections"][wildcards.projection]["entry"],
        "backbone": ENTRIES["backbones"][wildcards.backbone]["entry"],
        "patches": PARTS["patches"][wildcards.patches],
    }


PART_HEADLINES = part_experiments.headlines(PART_RUNS)
CEILINGS = part_experiments.ceilings(PART_RUNS, PART_SETS)


def part_sets(split, kind):
    """Clouds or labels of all part sets, in the order of their names."""
    return [
        file(kind, part_dataset=name, split=split) for name in sorted(PART_HEADLINES)
    ]


def ceiling_patches(wildcards):
    """Of every grid of patches, the shards of the test split."""
    return [
        file("patches", split="test", shard=shard, **grid)
        for grid in CEILINGS
        for shard in grid["shards"]
    ]
