"""Tables for people, and the page that says where the results come from.

In: <out>/scores.parquet, published numbers.
Out: <out>/tables, <out>/run_info.html.
"""


rule accuracy:
    input:
        scores="<out>/scores.parquet",
        published=PUBLISHED,
    output:
        csv=shown(
            "tables/accuracy.csv",
            "accuracy_per_seed",
            table="accuracy",
            form="rows per seed (CSV)",
        ),
        md="<out>/tables/accuracy.md",
        txt="<out>/tables/accuracy.txt",
        html=shown("tables/accuracy.html", table="accuracy", form="mean over seeds"),
        headline=shown("tables/headline.html", table="headline", form="by shots"),
    localrule: True
    params:
        samplings=ENTRIES["samplings"],
        headlines=HEADLINES,
    script:
        "../../scripts/accuracy.py"


rule paper_table:
    input:
        unpack(counted_clouds),
        scores="<out>/scores.parquet",
        published=PUBLISHED,
        calibration=calibration_metrics,
    output:
        csv="<out>/tables/{table}.csv",
        tex="<out>/tables/{table}.tex",
        html=shown(
            "tables/{table}.html", "paper_table", table="{table}", form="as in a paper"
        ),
    wildcard_constraints:
        table=one_of(config["tables"]),
    localrule: True
    params:
        table=lookup_in(config["tables"], "table"),
        datasets=datasets_of(RUNS),
        backbones={name: of["entry"] for name, of in ENTRIES["backbones"].items()},
    script:
        "../../scripts/paper_table.py"


rule published_numbers:
    input:
        PUBLISHED,
    output:
        shown(
            "tables/published.html",
            table="published numbers",
            form="all that are known",
        ),
    localrule: True
    script:
        "../../scripts/published_numbers.py"


rule run_info:
    input:
        ["<out>/scores.parquet"] if RUNS else [],
        ["<out>/registration/scores.parquet"] if REGISTRATIONS else [],
    output:
        shown("run_info.html", category="Provenance", page="provenance of the results"),
    localrule: True
    params:
        benchmarks=f"{config['results']}/benchmarks",
        repository=str(entries.here(REPOSITORY)),
    script:
        "../../scripts/run_info.py"
