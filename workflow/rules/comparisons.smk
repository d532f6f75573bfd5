"""Few-shot methods beside each other, and transductive ones on batches of few classes.

In: <out>/scores.parquet; how long training took; features of test shapes.
Out: <out>/tables/ranking.*, figures, ablations.
"""


rule ranking:
    input:
        scores="<out>/scores.parquet",
    output:
        csv="<out>/tables/ranking.csv",
        html=report(
            "<out>/tables/ranking.html",
            caption="../report/ranking.rst",
            category="Tables",
            labels={"table": "methods ranked"},
        ),
    localrule: True
    script:
        "../../scripts/ranking.py"


rule comparison:
    input:
        scores="<out>/scores.parquet",
        ranking="<out>/tables/ranking.csv",
        times=compared_times,
    output:
        seconds=report(
            "<out>/figures/{dataset}/accuracy_by_seconds.svg",
            caption="../report/accuracy_by_seconds.rst",
            category="Figures",
            labels={"data set": "{dataset}", "figure": "Accuracy by training time"},
        ),
        ranking=report(
            "<out>/figures/{dataset}/ranking.svg",
            caption="../report/ranking.rst",
            category="Figures",
            labels={"data set": "{dataset}", "figure": "Methods ranked"},
        ),
    localrule: True
    params:
        runs=lookup_in(COMPARED, "dataset"),
    script:
        "../../scripts/comparison.py"


rule few_class_batches:
    input:
        unpack(batches_inputs),
    output:
        csv="<out>/ablations/{batches}.csv",
        figure=report(
            "<out>/ablations/{batches}.svg",
            caption="../report/few_class_batches.rst",
            category="Ablations",
            labels={"ablation": "{batches}", "form": "plot"},
        ),
        table=report(
            "<out>/ablations/{batches}.html",
            caption="../report/few_class_batches.rst",
            category="Ablations",
            labels={"ablation": "{batches}", "form": "table and sentences"},
        ),
        sentences="<out>/ablations/{batches}.md",
    params:
        of=lookup_in(config["few_class_batches"], "batches"),
    script:
        "../../scripts/few_class_batches.py"
