"""Errors under corruption, and how well confidence tells errors.

In: <out>/scores.parquet, what `calibrate` writes.
Out: <out>/tables/corruption*, figures.
"""


rule corruption:
    input:
        scores="<out>/scores.parquet",
    output:
        csv="<out>/tables/corruption.csv",
        means="<out>/tables/corruption_means.csv",
        html=shown(
            "tables/corruption.html",
            category="Corruption",
            table="mean error under corruption",
        ),
    localrule: True
    params:
        corrupted=WORSE,
    script:
        "../../scripts/corruption.py"


rule corruption_figures:
    input:
        csv="<out>/tables/corruption.csv",
    output:
        heatmap=shown(
            "figures/{dataset}/corruption_heatmap.svg",
            "corruption_figures",
            category="Corruption",
            figure="error by corruption and severity",
        ),
        curve=shown(
            "figures/{dataset}/corruption_curve.svg",
            "corruption_figures",
            category="Corruption",
            figure="error by severity",
        ),
    localrule: True
    script:
        "../../scripts/corruption_figures.py"


rule reliability:
    input:
        bins="<out>/calibration_bins.parquet",
        curves="<out>/risk_coverage.parquet",
    output:
        shown(
            "figures/{dataset}/reliability.svg",
            category="Calibration",
            figure="reliability and risk-coverage",
        ),
    localrule: True
    params:
        runs=lambda wildcards: HEADLINES[wildcards.dataset],
    script:
        "../../scripts/reliability.py"
