"""From clouds to depth maps, and from depth maps and sentences to features of a backbone.

In: clouds, class names, prompts. Out: depth, features and a bank of augmented shots, text.
No test label is read here.
"""

# Projections that only take some views of another one (`source`) share its features.
SUBSETS = [name for name, of in ENTRIES["projections"].items() if of["views"]]
WHOLE = [name for name in ENTRIES["projections"] if name not in SUBSETS]


def source(wildcards):
    """The projection that a subset takes its views from."""
    return ENTRIES["projections"][wildcards.projection]["source"]


def one_of(ids):
    """A wildcard constraint: one of these ids, or nothing at all where there is none."""
    return "|".join(map(re.escape, ids)) or "(?!)"


rule project:
    input:
        clouds="<results>/clouds/{dataset}/{split}.h5",
    output:
        "<results>/depth/{dataset}/{projection}/{split}-{shard}.h5",
    log:
        "<logs>/project/{dataset}/{projection}/{split}/{shard}.log",
    benchmark:
        "<benchmarks>/project/{dataset}/{projection}/{split}/{shard}.tsv"
    conda:
        "../../environment.yml"
    threads: config["encode_threads"]
    resources:
        mem_mb=grows(4000),
        runtime=grows(120),
    params:
        projection=of("projection", "draw"),
        shards=of("dataset", "shards"),
        code=code("project"),
    script:
        "../../scripts/project.py"


rule weights:
    output:
        # Written last; the file itself may lie anywhere, and this says where.
        "<resources>/weights/{backbone}/weights.json",
    log:
        "<logs>/weights/{backbone}.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(120),
    params:
        backbone=of("backbone", "entry"),
    script:
        "../../scripts/weights.py"


# Two ways to the same features: by way of depth maps, or without keeping them.
if config["keep_depth"]:

    rule encode:
        input:
            depth="<results>/depth/{dataset}/{projection}/{split}-{shard}.h5",
            weights=weights,
        output:
            "<results>/features/{dataset}/{projection}/{backbone}/{split}-{shard}.h5",
        log:
            "<logs>/encode/{dataset}/{projection}/{backbone}/{split}/{shard}.log",
        benchmark:
            "<benchmarks>/encode/{dataset}/{projection}/{backbone}/{split}/{shard}.tsv"
        wildcard_constraints:
            projection=one_of(WHOLE),
        conda:
            "../../environment.yml"
        threads: config["encode_threads"]
        resources:
            gpu=GPU,
            mem_mb=grows(8000),
            runtime=grows(240),
        params:
            backbone=of("backbone", "entry"),
            code=code("encode"),
        script:
            "../../scripts/encode.py"

else:

    rule project_and_encode:
        input:
            clouds="<results>/clouds/{dataset}/{split}.h5",
            weights=weights,
        output:
            "<results>/features/{dataset}/{projection}/{backbone}/{split}-{shard}.h5",
        log:
            "<logs>/project_and_encode/{dataset}/{projection}/{backbone}/{split}/{shard}.log",
        benchmark:
            "<benchmarks>/project_and_encode/{dataset}/{projection}/{backbone}/{split}/{shard}.tsv"
        wildcard_constraints:
            projection=one_of(WHOLE),
        conda:
            "../../environment.yml"
        threads: config["encode_threads"]
        resources:
            gpu=GPU,
            mem_mb=grows(8000),
            runtime=grows(240),
        params:
            projection=of("projection", "draw"),
            backbone=of("backbone", "entry"),
            shards=of("dataset", "shards"),
            code=code("project_and_encode"),
        script:
            "../../scripts/project_and_encode.py"


rule bank:
    input:
        clouds="<results>/clouds/{dataset}/train.h5",
        shots="<results>/shots/{dataset}.parquet",
        weights=weights,
    output:
        "<results>/bank/{dataset}/{projection}/{backbone}.h5",
    log:
        "<logs>/bank/{dataset}/{projection}/{backbone}.log",
    benchmark:
        "<benchmarks>/bank/{dataset}/{projection}/{backbone}.tsv"
    wildcard_constraints:
        projection=one_of(WHOLE),
    conda:
        "../../environment.yml"
    threads: config["encode_threads"]
    resources:
        gpu=GPU,
        mem_mb=grows(8000),
        runtime=grows(480),
    params:
        projection=of("projection", "draw"),
        backbone=of("backbone", "entry"),
        copies=within(COPIES, "dataset", "projection", "backbone"),
        draws=lambda wildcards: [list(pair) for pair in DRAWS[wildcards.dataset]],
        seed=config["bank"]["seed"],
        code=code("bank"),
    script:
        "../../scripts/bank.py"


rule select_views:
    input:
        lambda wildcards: (
            f"<results>/features/{wildcards.dataset}/{source(wildcards)}"
            f"/{wildcards.backbone}/{wildcards.split}-{wildcards.shard}.h5"
        ),
    output:
        "<results>/features/{dataset}/{projection}/{backbone}/{split}-{shard}.h5",
    log:
        "<logs>/select_views/{dataset}/{projection}/{backbone}/{split}/{shard}.log",
    wildcard_constraints:
        projection=one_of(SUBSETS),
    conda:
        "../../environment.yml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        views=of("projection", "views"),
        code=code("select_views"),
    script:
        "../../scripts/select_views.py"


use rule select_views as select_views_bank with:
    input:
        lambda wildcards: (
            f"<results>/bank/{wildcards.dataset}/{source(wildcards)}"
            f"/{wildcards.backbone}.h5"
        ),
    output:
        "<results>/bank/{dataset}/{projection}/{backbone}.h5",
    log:
        "<logs>/select_views_bank/{dataset}/{projection}/{backbone}.log",


rule text:
    input:
        # Of the train split, so that no test label is behind a prototype.
        labels="<results>/labels/{dataset}/train.parquet",
        prompts=of("prompts", "files"),
        weights=weights,
    output:
        "<results>/text/{dataset}/{prompts}/{backbone}.parquet",
    log:
        "<logs>/text/{dataset}/{prompts}/{backbone}.log",
    conda:
        "../../environment.yml"
    threads: config["encode_threads"]
    resources:
        gpu=GPU,
        mem_mb=grows(8000),
        runtime=grows(30),
    params:
        backbone=of("backbone", "entry"),
        code=code("text"),
    script:
        "../../scripts/text.py"
