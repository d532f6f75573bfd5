# A report in small: this repository's captions around files that are made in a second.
from pathlib import Path

CAPTIONS = Path(workflow.basedir).parents[1] / "workflow" / "report"


configfile: "config.yaml"


report: CAPTIONS / "workflow.rst"


rule all:
    input:
        expand("figures/{dataset}/shots_curve.svg", dataset=config["datasets"]),
        "tables/accuracy.html",
        "tables/accuracy.csv",
        "record.html",
        "ablations/projection.svg",
        "ablations/projection.html",


rule figure:
    output:
        report(
            "figures/{dataset}/shots_curve.svg",
            caption=CAPTIONS / "shots_curve.rst",
            category="Figures",
            labels={"data set": "{dataset}", "figure": "accuracy by shots"},
        ),
    shell:
        "cp {wildcards.dataset}.svg {output}"


rule table:
    output:
        html=report(
            "tables/accuracy.html",
            caption=CAPTIONS / "accuracy.rst",
            category="Tables",
            labels={"table": "accuracy", "form": "mean over seeds"},
        ),
        csv=report(
            "tables/accuracy.csv",
            caption=CAPTIONS / "accuracy_per_seed.rst",
            category="Tables",
            labels={"table": "accuracy", "form": "rows per seed (CSV)"},
        ),
    shell:
        "cp accuracy.html accuracy.csv tables/"


rule ablation:
    output:
        figure=report(
            "ablations/{ablation}.svg",
            caption=CAPTIONS / "ablation.rst",
            category="Ablations",
            labels={"ablation": "{ablation}", "form": "plot"},
        ),
        table=report(
            "ablations/{ablation}.html",
            caption=CAPTIONS / "ablation_table.rst",
            category="Ablations",
            labels={"ablation": "{ablation}", "form": "table and sentences"},
        ),
    shell:
        "cp ablation.svg {output.figure}; cp ablation.html {output.table}"


rule record:
    output:
        report(
            "record.html",
            caption=CAPTIONS / "provenance.rst",
            category="Provenance",
            labels={"page": "where these results come from"},
        ),
    shell:
        "cp source.html {output}"
