"""Ablations: one choice varied over a base experiment; nothing runs but what the target needs.

In: logits of the experiments that an entry of the config compares, and test labels.
Out: a table, a plot, and a sentence on what they show.
"""


rule ablation:
    input:
        unpack(compared),
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
    conda:
        "../../environment.yml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        title=lambda wildcards: config["ablations"][wildcards.ablation]["title"],
        vary=lambda wildcards: config["ablations"][wildcards.ablation]["vary"],
        experiments=within(ABLATIONS, "ablation"),
        code=code("ablation"),
    script:
        "../../scripts/ablation.py"
