"""Input functions and params of few_shot, transductive, other_models and ensembles.smk."""

from pointclip.classification.few_shot import trained_with
from pointclip.catalog.transductive import TRANSDUCTIVE


def method_module(wildcards):
    """Other methods' code is no reason to train again."""
    method = ENTRIES["adapters"][wildcards.adapter]["method"]
    return method if is_own(method) else f"pointclip.classification.adapters.{method}"


def adapter_parts(wildcards):
    """What an adapter's file says it was trained with, so that it can be used by itself."""
    return trained_with.describe(
        ENTRIES["projections"][wildcards.projection]["entry"],
        ENTRIES["backbones"][wildcards.backbone]["entry"],
        wildcards.prompts,
    )


def augmented_shots(wildcards):
    """Features of augmented shots, for methods that learn from them."""
    needed = ENTRIES["adapters"][wildcards.adapter]["n_augmentations"]
    return file("augmented", **dict(wildcards.items())) if needed else []


TRAIN = {
    "augmented": augmented_shots,
    "train": features("train"),
    "test": features("test"),
    "labels": file("labels", split="train"),
    "shots": file("shots"),
    "text": file("text"),
}


wildcard_constraints:
    transductive="|".join(TRANSDUCTIVE),


def unlabelled(wildcards):
    """The train features, for methods that read them without labels."""
    needed = TRANSDUCTIVE[wildcards.transductive].train
    return features("train")(wildcards) if needed else []


def external_file(split):
    """The other model's file: given, or made of one of our backbones."""

    def found(wildcards):
        made = f"<results>/{paths.OTHER_MODEL}".replace("{split}", split)
        made = made.replace("{dataset}", wildcards.dataset)
        made = made.replace("{ensemble}", wildcards.ensemble)
        return config["ensembles"][wildcards.ensemble].get("file", made)

    return found


def of_ensemble(kind):
    """The files of a kind that belong to the other model."""

    def found(wildcards):
        entry = config["ensembles"][wildcards.ensemble]
        ids = {axis: entry[axis] for axis in ("projection", "prompts", "backbone")}
        ids |= {"dataset": wildcards.dataset}
        if kind == "text":
            return file("text", **ids)
        return shards(kind, split=wildcards.split, **ids)

    return found


HELD_OUT = {key: TRAIN[key] for key in ("text", "shots", "labels", "train")}
HELD_OUT |= {"external": external_file("train"), "ids": file("ids", split="train")}
OTHER = {"external": external_file("test"), "ids": file("ids", split="test")}


def blended(kind, name, **ids):
    """A file of an experiment blended with another model."""
    return f"<results>/{paths.ENSEMBLE}{paths.path(kind, **ids)}/{name}"


def blend_weight(wildcards):
    """The weight of our logits, unless it is tuned."""
    return config["ensembles"][wildcards.ensemble]["blend_weight"]
