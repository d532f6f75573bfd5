"""Where logits meet test labels: the scores of all experiments, and of every ablation.

In: logits of experiments, test labels.
Out: <out>/scores.parquet, <out>/ablations.
"""


def ablation_inputs(wildcards):
    """What an ablation scores: its experiments, and nothing else."""
    runs = ABLATIONS[wildcards.ablation]
    return {"logits": logits(runs), "labels": test_labels(runs)}


rule score:
    input:
        logits=logits(RUNS),
        labels=test_labels(RUNS),
    output:
        "<out>/scores.parquet",
    log:
        "<logs>/score.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=per_attempt(4000),
        runtime=per_attempt(60),
    params:
        runs=RUNS,
        datasets=datasets_of(RUNS),
        code=code("score"),
    script:
        "../../scripts/score.py"


rule ablation:
    input:
        unpack(ablation_inputs),
    output:
        csv="<out>/ablations/{ablation}.csv",
        figure=report(
            "<out>/ablations/{ablation}.svg",
            caption="../report/ablation.rst",
            category="Ablations",
            labels={"ablation": "{ablation}", "form": "plot"},
        ),
        table=report(
            "<out>/ablations/{ablation}.html",
            caption="../report/ablation_table.rst",
            category="Ablations",
            labels={"ablation": "{ablation}", "form": "table and sentences"},
        ),
        sentences="<out>/ablations/{ablation}.md",
    log:
        "<logs>/ablation/{ablation}.log",
    localrule: True
    conda:
        "../../environment.yml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        title=lambda wildcards: config["ablations"][wildcards.ablation]["title"],
        vary=lambda wildcards: config["ablations"][wildcards.ablation]["vary"],
        runs=lookup_in(ABLATIONS, "ablation"),
        datasets=lambda wildcards: datasets_of(ABLATIONS[wildcards.ablation]),
        code=code("ablation"),
    script:
        "../../scripts/ablation.py"
