"""Figures for people.

In: <out>/scores.parquet; logits of single experiments with test labels.
Out: <out>/figures.
A new figure has a script, a caption in ../report and, to be made by default, its rule in
../inputs/results.smk.
"""


rule shots_curve:
    input:
        scores="<out>/scores.parquet",
    output:
        shown("figures/{dataset}/shots_curve.svg", figure="Few-shot accuracy"),
    localrule: True
    script:
        "../../scripts/shots_curve.py"


rule confusion:
    input:
        logits=headline_logits,
        labels=file("labels", split="test"),
    output:
        confusion=shown(
            "figures/{dataset}/{kind}/confusion.svg",
            "confusion_matrix",
            figure="Confusion matrix, {kind}",
        ),
        per_class=shown(
            "figures/{dataset}/{kind}/per_class.svg",
            figure="Accuracy per class, {kind}",
        ),
    localrule: True
    params:
        run=lookup_in(HEADLINES, "dataset", "kind"),
    script:
        "../../scripts/confusion.py"
