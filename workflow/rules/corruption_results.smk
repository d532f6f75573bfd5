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
        html=report(
            "<out>/tables/corruption.html",
            caption="../report/corruption.rst",
            category="Corruption",
            labels={"table": "mean error under corruption"},
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
        heatmap=report(
            "<out>/figures/{dataset}/corruption_heatmap.svg",
            caption="../report/corruption_figures.rst",
            category="Corruption",
            labels={
                "data set": "{dataset}",
                "figure": "error by corruption and severity",
            },
        ),
        curve=report(
            "<out>/figures/{dataset}/corruption_curve.svg",
            caption="../report/corruption_figures.rst",
            category="Corruption",
            labels={"data set": "{dataset}", "figure": "error by severity"},
        ),
    localrule: True
    script:
        "../../scripts/corruption_figures.py"


rule reliability:
    input:
        bins="<out>/calibration_bins.parquet",
        curves="<out>/risk_coverage.parquet",
    output:
        report(
            "<out>/figures/{dataset}/reliability.svg",
            caption="../report/reliability.rst",
            category="Calibration",
            labels={
                "data set": "{dataset}",
                "figure": "reliability and risk-coverage",
            },
        ),
    localrule: True
    params:
        runs=lambda wildcards: HEADLINES[wildcards.dataset],
    script:
        "../../scripts/reliability.py"
