"""Figures of depth maps: all views of some shapes, and one view under every projection.

In: depth maps and labels of the test split, logits of one zero-shot experiment a projection.
Out: <out>/figures/{dataset}/montage, <out>/figures/{dataset}/projections.png.
"""

MONTAGES = targets.montages(config)


def montage_inputs(wildcards):
    """All depth maps of the test split, and what zero-shot says of them."""
    ids = {"dataset": wildcards.dataset, "projection": wildcards.projection}
    shards = ENTRIES["datasets"][wildcards.dataset]["shards"]
    return {
        "depth": [file("depth", split="test", shard=shard, **ids) for shard in shards],
        "logits": logits([MONTAGES[wildcards.dataset][wildcards.projection]]),
    }


def compared_depth(wildcards):
    """The first depth maps of every projection that has a montage."""
    ids = {"dataset": wildcards.dataset, "split": "test", "shard": 0}
    return [file("depth", projection=of, **ids) for of in MONTAGES[wildcards.dataset]]


rule montage:
    input:
        unpack(montage_inputs),
        labels=file("labels", split="test"),
    output:
        report(
            "<out>/figures/{dataset}/montage/{projection}.png",
            caption="../report/depth_montage.rst",
            category="Figures",
            labels={"data set": "{dataset}", "figure": "Depth maps, {projection}"},
        ),
    log:
        "<logs>/montage/{dataset}/{projection}.log",
    localrule: True
    conda:
        "../../environment.yml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        shapes=config["figures"]["shapes"],
        code=code("montage"),
    script:
        "../../scripts/montage.py"


rule compare_projections:
    input:
        depth=compared_depth,
        labels=file("labels", split="test"),
    output:
        report(
            "<out>/figures/{dataset}/projections.png",
            caption="../report/projections.rst",
            category="Figures",
            labels={"data set": "{dataset}", "figure": "One view, every projection"},
        ),
    log:
        "<logs>/compare_projections/{dataset}.log",
    localrule: True
    conda:
        "../../environment.yml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        projections=lambda wildcards: list(MONTAGES[wildcards.dataset]),
        shapes=config["figures"]["shapes"],
        code=code("compare_projections"),
    script:
        "../../scripts/compare_projections.py"
