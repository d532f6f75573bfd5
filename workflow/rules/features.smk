"""From depth maps to features of a backbone.

In: depth maps, weights. Out: a feature of every view of every shape. A projection that takes some
views of another one has a copy of that one's features; one that joins others has those of all.
"""

from pointclip.catalog.projections import NO_PROJECTION

# Projections that only take some views of another one (`source`), or join others (`parts`).
SUBSETS = [name for name, of in ENTRIES["projections"].items() if of["views"]]
JOINS = [name for name, of in ENTRIES["projections"].items() if of["parts"]]
WHOLE = [
    name
    for name in ENTRIES["projections"]
    if name not in {*SUBSETS, *JOINS, NO_PROJECTION}
]
# 3D encoders have rules of their own (points.smk).
POINT_ENCODERS = [name for name, of in ENTRIES["backbones"].items() if of["points"]]


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


rule encode:
    input:
        unpack(encoder_files),
        depth=file("depth"),
    output:
        file("features"),
    log:
        "<logs>/encode/{dataset}/{projection}/{backbone}/{split}/{shard}.log",
    benchmark:
        "<benchmarks>/encode/{dataset}/{projection}/{backbone}/{split}/{shard}.tsv"
    wildcard_constraints:
        projection=one_of(WHOLE),
    # Before more depth maps are rendered, those on the disk are encoded.
    priority: 1
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
