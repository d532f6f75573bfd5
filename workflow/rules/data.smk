"""From published files to clouds, labels and shots.

In: the embedded shapes, a local path, or URLs of the config.
Out: clouds (without labels), labels, the data set's own ids of the shapes, and which train shapes
are shots or held out.
"""


rule download:
    output:
        # The list of files with their checksums, written last: a broken download is resumed.
        "<resources>/datasets/{dataset}/manifest.json",
    log:
        "<logs>/download/{dataset}.log",
    retries: 2
    conda:
        "../../environment.yml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(240),
    params:
        entry=of("dataset", "fetch"),
    script:
        "../../scripts/download.py"


rule prepare:
    input:
        raw_data,
    output:
        clouds="<results>/clouds/{dataset}/{split}.h5",
        labels="<results>/labels/{dataset}/{split}.parquet",
        # The data set's own names: what blending reads in place of the labels.
        ids="<results>/ids/{dataset}/{split}.parquet",
    log:
        "<logs>/prepare/{dataset}/{split}.log",
    benchmark:
        "<benchmarks>/prepare/{dataset}/{split}.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(60),
    params:
        entry=of("dataset", "entry"),
        code=code("prepare"),
    script:
        "../../scripts/prepare.py"


rule sample:
    input:
        labels="<results>/labels/{dataset}/train.parquet",
    output:
        "<results>/shots/{dataset}.parquet",
    log:
        "<logs>/sample/{dataset}.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        shots=within(SHOTS, "dataset"),
        sampling=dict(sorted(config["sampling"].items())),
        code=code("sample"),
    script:
        "../../scripts/sample.py"
