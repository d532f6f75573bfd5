"""Scores, tables and figures for people, and what the report of `snakemake --report` shows.

In: logits of the experiments, test labels, depth maps, published numbers.
Out: <out>/scores.parquet, <out>/tables, <out>/figures.
"""


rule score:
    input:
        logits=collect("<results>/{logits}", logits=LOGITS),
        labels=test_labels(LOGITS),
    output:
        "<out>/scores.parquet",
    log:
        "<logs>/score.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=grows(4000),
        runtime=grows(60),
    params:
        experiments=LOGITS,
        code=code("score"),
    script:
        "../../scripts/score.py"


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
    log:
        "<logs>/accuracy.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        validation_per_class=config["sampling"]["validation_per_class"],
        code=code("accuracy"),
    script:
        "../../scripts/accuracy.py"


rule paper_table:
    input:
        scores="<out>/scores.parquet",
        published=PUBLISHED,
    output:
        csv="<out>/tables/{table}.csv",
        tex="<out>/tables/{table}.tex",
        html=report(
            "<out>/tables/{table}.html",
            caption="../report/paper_table.rst",
            category="Tables",
            labels={"table": "{table}", "form": "as in a paper"},
        ),
    log:
        "<logs>/paper_table/{table}.log",
    wildcard_constraints:
        table=r"(?!(accuracy|published)\.)[a-z0-9_.-]+",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        table=within(config["tables"], "table"),
        code=code("paper_table"),
    script:
        "../../scripts/paper_table.py"


rule published:
    input:
        PUBLISHED,
    output:
        report(
            "<out>/tables/published.html",
            caption="../report/published.rst",
            category="Tables",
            labels={"table": "published numbers", "form": "all that are known"},
        ),
    log:
        "<logs>/published.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("published"),
    script:
        "../../scripts/published.py"


rule shots_curve:
    input:
        scores="<out>/scores.parquet",
    output:
        report(
            "<out>/figures/{dataset}/shots_curve.svg",
            caption="../report/shots_curve.rst",
            category="Figures",
            labels={"data set": "{dataset}", "figure": "accuracy by shots"},
        ),
    log:
        "<logs>/shots_curve/{dataset}.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        code=code("shots_curve"),
    script:
        "../../scripts/shots_curve.py"


rule classes:
    input:
        logits=collect(
            "<results>/{logits}",
            logits=within(HEADLINES, "dataset", "kind"),
            allow_missing=True,
        ),
        labels="<results>/labels/{dataset}/test.parquet",
    output:
        confusion=report(
            "<out>/figures/{dataset}/{kind}/confusion.svg",
            caption="../report/confusion_matrix.rst",
            category="Figures",
            labels={
                "data set": "{dataset}",
                "figure": "what is taken for what, {kind}",
            },
        ),
        per_class=report(
            "<out>/figures/{dataset}/{kind}/per_class.svg",
            caption="../report/per_class.rst",
            category="Figures",
            labels={
                "data set": "{dataset}",
                "figure": "accuracy of every class, {kind}",
            },
        ),
    log:
        "<logs>/classes/{dataset}/{kind}.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        experiment=within(HEADLINES, "dataset", "kind"),
        code=code("classes"),
    script:
        "../../scripts/classes.py"


rule montage:
    input:
        depth=shards("<results>/depth/{dataset}/{projection}/test-{shard}.h5"),
        logits=collect(
            "<results>/{logits}",
            logits=within(MONTAGES, "dataset", "projection"),
            allow_missing=True,
        ),
        labels="<results>/labels/{dataset}/test.parquet",
    output:
        report(
            "<out>/figures/{dataset}/montage/{projection}.png",
            caption="../report/depth_montage.rst",
            category="Figures",
            labels={"data set": "{dataset}", "figure": "depth maps, {projection}"},
        ),
    log:
        "<logs>/montage/{dataset}/{projection}.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        shapes=config["figures"]["shapes"],
        code=code("montage"),
    script:
        "../../scripts/montage.py"


rule projections:
    input:
        depth=collect(
            "<results>/depth/{dataset}/{projection}/test-0.h5",
            projection=within(PROJECTED, "dataset"),
            allow_missing=True,
        ),
        labels="<results>/labels/{dataset}/test.parquet",
    output:
        report(
            "<out>/figures/{dataset}/projections.png",
            caption="../report/projections.rst",
            category="Figures",
            labels={"data set": "{dataset}", "figure": "one view, every projection"},
        ),
    log:
        "<logs>/projections/{dataset}.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        projections=within(PROJECTED, "dataset"),
        shapes=config["figures"]["shapes"],
        code=code("projections"),
    script:
        "../../scripts/projections.py"


rule record:
    input:
        "<out>/scores.parquet",
    output:
        report(
            "<out>/record.html",
            caption="../report/provenance.rst",
            category="Provenance",
            labels={"page": "where these results come from"},
        ),
    log:
        "<logs>/record.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        benchmarks=f"{config['results']}/benchmarks",
        repository=str(resolve.here(REPOSITORY)),
        code=code("record"),
    script:
        "../../scripts/record.py"
