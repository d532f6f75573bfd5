"""Where logits meet test labels: the scores of all experiments, and of every ablation.

In: logits of experiments, test labels.
Out: <out>/scores.parquet, <out>/ablations.
"""


rule score:
    input:
        logits=logits(RUNS),
        labels=test_labels(RUNS),
        statistics=list(statistics(RUNS).values()),
    output:
        "<out>/scores.parquet",
    params:
        runs=RUNS,
        datasets=datasets_of(RUNS),
        with_statistics=[
            index
            for index, path in enumerate(logits(RUNS))
            if path in statistics(RUNS)
        ],
    script:
        "../../scripts/score.py"


rule calibrate:
    input:
        logits=logits(RUNS),
        labels=test_labels(RUNS),
        statistics=list(statistics(RUNS).values()),
    output:
        metrics="<out>/tables/calibration.csv",
        bins="<out>/calibration_bins.parquet",
        curves="<out>/risk_coverage.parquet",
        table=shown(
            "tables/calibration.html", category="Calibration", table="calibration"
        ),
    params:
        runs=RUNS,
        datasets=datasets_of(RUNS),
        with_statistics=[
            index
            for index, path in enumerate(logits(RUNS))
            if path in statistics(RUNS)
        ],
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
