"""Figures for people.

In: <out>/scores.parquet; logits of single experiments with test labels.
Out: <out>/figures.
A new figure has a script, a caption in ../report and, to be made by default, its file in FIGURES of
../inputs/figures.smk.
"""


rule shots_curve:
    input:
        scores="<out>/scores.parquet",
    output:
        report(
            "<out>/figures/{dataset}/shots_curve.svg",
            caption="../report/shots_curve.rst",
            category="Figures",
            labels={"data set": "{dataset}", "figure": "Few-shot accuracy"},
        ),
    localrule: True
    script:
        "../../scripts/shots_curve.py"


rule confusion:
    input:
        logits=headline_logits,
        labels=file("labels", split="test"),
    output:
        confusion=report(
            "<out>/figures/{dataset}/{kind}/confusion.svg",
            caption="../report/confusion_matrix.rst",
            category="Figures",
            labels={"data set": "{dataset}", "figure": "Confusion matrix, {kind}"},
        ),
        per_class=report(
            "<out>/figures/{dataset}/{kind}/per_class.svg",
            caption="../report/per_class.rst",
            category="Figures",
            labels={"data set": "{dataset}", "figure": "Accuracy per class, {kind}"},
        ),
    localrule: True
    params:
        run=lookup_in(HEADLINES, "dataset", "kind"),
    script:
        "../../scripts/confusion.py"
