"""Where logits meet test labels: the scores of all experiments, and of every ablation.

In: logits of experiments, test labels.
Out: <out>/scores.parquet, <out>/ablations.
"""


rule score:
    input:
        **SCORE_INPUT,
    output:
        "<out>/scores.parquet",
    params:
        **SCORE_PARAMS,
    script:
        "../../scripts/score.py"


rule calibrate:
    input:
        **SCORE_INPUT,
    output:
        metrics="<out>/tables/calibration.csv",
        bins="<out>/calibration_bins.parquet",
        curves="<out>/risk_coverage.parquet",
        table=shown(
            "tables/calibration.html", category="Calibration", table="calibration"
        ),
    params:
        **SCORE_PARAMS,
    script:
        "../../scripts/calibrate.py"


rule ablation:
    input:
        unpack(ablation_inputs),
    output:
        csv="<out>/ablations/{ablation}.csv",
        figure=shown(
            "ablations/{ablation}.svg", "ablation", ablation="{ablation}", form="plot"
        ),
        table=shown(
            "ablations/{ablation}.html",
            "ablation_table",
            ablation="{ablation}",
            form="table and sentences",
        ),
        sentences="<out>/ablations/{ablation}.md",
    localrule: True
    params:
        title=lambda wildcards: config["ablations"][wildcards.ablation]["title"],
        vary=lambda wildcards: config["ablations"][wildcards.ablation]["vary"],
        runs=lookup_in(ABLATIONS, "ablation"),
        datasets=lambda wildcards: datasets_of(ABLATIONS[wildcards.ablation]),
    script:
        "../../scripts/ablation.py"
