"""Tables for people, and the page that says where the results come from.

In: <out>/scores.parquet, published numbers.
Out: <out>/tables, <out>/run_info.html.
"""


rule accuracy:
    input:
        scores="<out>/scores.parquet",
        published=PUBLISHED,
    output:
        csv=report(
            "<out>/tables/accuracy.csv",
            caption="../report/accuracy_per_seed.rst",
            category="Tables",
            labels={"table": "accuracy", "form": "rows per seed (CSV)"},
        ),
        md="<out>/tables/accuracy.md",
        txt="<out>/tables/accuracy.txt",
        html=report(
            "<out>/tables/accuracy.html",
            caption="../report/accuracy.rst",
            category="Tables",
            labels={"table": "accuracy", "form": "mean over seeds"},
        ),
        headline=report(
            "<out>/tables/headline.html",
            caption="../report/headline.rst",
            category="Tables",
            labels={"table": "headline", "form": "by shots"},
        ),
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
        html=report(
            "<out>/tables/{table}.html",
            caption="../report/paper_table.rst",
            category="Tables",
            labels={"table": "{table}", "form": "as in a paper"},
        ),
    wildcard_constraints:
        table="|".join(map(re.escape, config["tables"])) or "(?!)",
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
        report(
            "<out>/tables/published.html",
            caption="../report/published.rst",
            category="Tables",
            labels={"table": "published numbers", "form": "all that are known"},
        ),
    localrule: True
    script:
        "../../scripts/published_numbers.py"


rule run_info:
    input:
        ["<out>/scores.parquet"] if RUNS else [],
        ["<out>/registration/scores.parquet"] if REGISTRATIONS else [],
    output:
        report(
            "<out>/run_info.html",
            caption="../report/run_info.rst",
            category="Provenance",
            labels={"page": "provenance of the results"},
        ),
    localrule: True
    params:
        benchmarks=f"{config['results']}/benchmarks",
        repository=str(entries.here(REPOSITORY)),
    script:
        "../../scripts/run_info.py"
