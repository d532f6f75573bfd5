"""Ablations: one choice varied over a base experiment; nothing runs but what the target needs.

In: the scores of the experiments that a table entry of the config compares.
Out: a table, a plot, and a sentence on what they show.
"""


rule ablation:
    input:
        scores=collect(
            "<results>/{score}",
            score=lookup(within=ABLATIONS, dpath="{ablation}/scores"),
            allow_missing=True,
        ),
    output:
        csv="<out>/ablations/{ablation}.csv",
        figure=report(
            "<out>/ablations/{ablation}.svg",
            caption="../report/ablation.rst",
            category="Ablations",
            labels={"ablation": "{ablation}", "form": "plot"},
        ),
        sentences=report(
            "<out>/ablations/{ablation}.md",
            caption="../report/ablation_sentences.rst",
            category="Ablations",
            labels={"ablation": "{ablation}", "form": "sentences"},
        ),
    params:
        ablation=lookup(within=config, dpath="ablations/{ablation}"),
        code=code("ablation"),
    log:
        "<logs>/ablation/{ablation}.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=2000,
        runtime=10,
    script:
        "../../scripts/ablation.py"
