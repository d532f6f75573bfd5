"""From clouds to depth maps, and from depth maps and sentences to features of a backbone.

In: clouds, class names, prompts. Out: depth, features and a bank of augmented shots, text.
No test label is read here.
"""

BANKS = targets.bank_contents(config)
# Projections that only take some views of another one (`source`) share its features.
SUBSETS = [name for name, of in ENTRIES["projections"].items() if of["views"]]
WHOLE = [name for name in ENTRIES["projections"] if name not in SUBSETS]


def one_of(ids):
    """A wildcard constraint: one of these ids, or nothing at all where there is none."""
    return "|".join(map(re.escape, ids)) or "(?!)"


def features(split):
    """The feature shards of a split."""

    def found(wildcards):
        ids = {axis: wildcards[axis] for axis in ("dataset", "projection", "backbone")}
        shards = ENTRIES["datasets"][wildcards.dataset]["shards"]
        return [file("features", split=split, shard=shard, **ids) for shard in shards]

    return found


def of_source(kind):
    """The same kind of file of the projection that a subset takes its views from."""

    def found(wildcards):
        source = ENTRIES["projections"][wildcards.projection]["source"]
        return file(kind, **(dict(wildcards.items()) | {"projection": source}))

    return found


def weights(wildcards):
    """The files that a backbone is loaded from: local ones, or the record of what was fetched."""
    entry = ENTRIES["backbones"][wildcards.backbone]
    fetched = f"<resources>/weights/{entry['fetched']}/weights.json"
    return [*entry["files"], *([fetched] if entry["fetched"] else [])]


rule project:
    input:
        clouds=file("clouds"),
    output:
        file("depth"),
    log:
        "<logs>/project/{dataset}/{projection}/{split}/{shard}.log",
    benchmark:
        "<benchmarks>/project/{dataset}/{projection}/{split}/{shard}.tsv"
    conda:
        "../../environment.yml"
    threads: config["encode_threads"]
    resources:
        mem_mb=per_attempt(4000),
        runtime=per_attempt(120),
    params:
        projection=entry_of("projection", "draw"),
        shards=entry_of("dataset", "shards"),
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
        mem_mb=per_attempt(2000),
        runtime=per_attempt(120),
    params:
        backbone=entry_of("backbone", "entry"),
    script:
        "../../scripts/weights.py"


# Two ways to the same features: by way of depth maps, or without keeping them.
if config["keep_depth"]:

    rule encode:
        input:
            depth=file("depth"),
            weights=weights,
        output:
            file("features"),
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
            mem_mb=per_attempt(8000),
            runtime=per_attempt(240),
        params:
            backbone=entry_of("backbone", "entry"),
            code=code("encode"),
        script:
            "../../scripts/encode.py"

else:

    rule project_and_encode:
        input:
            clouds=file("clouds"),
            weights=weights,
        output:
            file("features"),
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
            mem_mb=per_attempt(8000),
            runtime=per_attempt(240),
        params:
            projection=entry_of("projection", "draw"),
            backbone=entry_of("backbone", "entry"),
            shards=entry_of("dataset", "shards"),
            code=code("project_and_encode"),
        script:
            "../../scripts/project_and_encode.py"


rule bank:
    input:
        clouds=file("clouds", split="train"),
        labels=file("labels", split="train"),
        shots=file("shots"),
        weights=weights,
    output:
        file("bank"),
    log:
        "<logs>/bank/{dataset}/{sampling}/{projection}/{backbone}.log",
    benchmark:
        "<benchmarks>/bank/{dataset}/{sampling}/{projection}/{backbone}.tsv"
    wildcard_constraints:
        projection=one_of(WHOLE),
    conda:
        "../../environment.yml"
    threads: config["encode_threads"]
    resources:
        gpu=GPU,
        mem_mb=per_attempt(8000),
        runtime=per_attempt(480),
    params:
        projection=entry_of("projection", "draw"),
        backbone=entry_of("backbone", "entry"),
        contents=lookup_in(BANKS, "dataset", "projection", "backbone"),
        seed=config["bank"]["seed"],
        code=code("bank"),
    script:
        "../../scripts/bank.py"


rule select_views:
    input:
        of_source("features"),
    output:
        file("features"),
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
        views=entry_of("projection", "views"),
        code=code("select_views"),
    script:
        "../../scripts/select_views.py"


use rule select_views as select_views_bank with:
    input:
        of_source("bank"),
    output:
        file("bank"),
    log:
        "<logs>/select_views_bank/{dataset}/{sampling}/{projection}/{backbone}.log",


rule text:
    input:
        # Of the train split, so that no test label is behind a prototype.
        labels=file("labels", split="train"),
        prompts=entry_of("prompts", "files"),
        weights=weights,
    output:
        file("text"),
    log:
        "<logs>/text/{dataset}/{prompts}/{backbone}.log",
    conda:
        "../../environment.yml"
    threads: config["encode_threads"]
    resources:
        gpu=GPU,
        mem_mb=per_attempt(8000),
        runtime=per_attempt(30),
    params:
        backbone=entry_of("backbone", "entry"),
        code=code("text"),
    script:
        "../../scripts/text.py"
