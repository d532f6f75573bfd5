"""Figures of depth maps: all views of some shapes, and one view under every projection.

In: depth maps and labels of the test split, logits of a zero-shot and a few-shot experiment a projection.
Out: <out>/figures/{dataset}/montage, <out>/figures/{dataset}/projections.png.
"""


rule montage:
    input:
        unpack(montage_inputs),
        labels=file("labels", split="test"),
    output:
        shown(
            "figures/{dataset}/montage/{projection}.png",
            "depth_montage",
            figure="Depth maps, {projection}",
        ),
    localrule: True
    params:
        shapes=config["figures"]["shapes"],
        runs=lookup_in(MONTAGES, "dataset", "projection"),
    script:
        "../../scripts/montage.py"


rule compare_projections:
    input:
        depth=compared_depth,
        labels=file("labels", split="test"),
    output:
        shown("figures/{dataset}/projections.png", figure="Projections compared"),
    localrule: True
    params:
        projections=lambda wildcards: list(MONTAGES[wildcards.dataset]),
        shapes=config["figures"]["shapes"],
    script:
        "../../scripts/compare_projections.py"
