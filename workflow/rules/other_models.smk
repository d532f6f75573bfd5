"""Zero-shot logits of an ensemble's other model, where that is a backbone of ours.

In: features of a split and text of the backbone, projection and prompts that the ensemble names.
Out: a file of logits as a user's own one is. No test label is read here.
"""


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
        shards = ENTRIES["datasets"][wildcards.dataset]["shards"]
        return [file(kind, **ids, split=wildcards.split, shard=of) for of in shards]

    return found


rule other_model:
    input:
        features=of_ensemble("features"),
        text=of_ensemble("text"),
    output:
        f"<results>/{paths.OTHER_MODEL}",
    log:
        "<logs>/other_model/{ensemble}/{dataset}/{split}.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        code=code("other_model"),
    script:
        "../../scripts/other_model.py"
