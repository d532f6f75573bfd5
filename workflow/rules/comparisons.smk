"""Few-shot methods beside each other, and transductive ones on batches of few classes.

In: <out>/scores.parquet; how long training took; features of test shapes.
Out: <out>/tables/ranking.*, figures, ablations.
"""


rule ranking:
    input:
        scores="<out>/scores.parquet",
    output:
        csv="<out>/tables/ranking.csv",
        html=shown("tables/ranking.html", table="methods ranked"),
    localrule: True
    script:
        "../../scripts/ranking.py"


rule comparison:
    input:
        scores="<out>/scores.parquet",
        ranking="<out>/tables/ranking.csv",
        times=compared_times,
    output:
        seconds=shown(
            "figures/{dataset}/accuracy_by_seconds.svg",
            figure="Accuracy by training time",
        ),
        ranking=shown("figures/{dataset}/ranking.svg", figure="Methods ranked"),
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
        figure=shown(
            "ablations/{batches}.svg",
            "few_class_batches",
            ablation="{batches}",
            form="plot",
        ),
        table=shown(
            "ablations/{batches}.html",
            "few_class_batches",
            ablation="{batches}",
            form="table and sentences",
        ),
        sentences="<out>/ablations/{batches}.md",
    params:
        of=lookup_in(config["few_class_batches"], "batches"),
    script:
        "../../scripts/few_class_batches.py"
