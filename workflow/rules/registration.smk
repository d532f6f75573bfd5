"""From photos and clouds to features of their key-points, once for every frame.

In: scenes in FreeReg's layout, a folder of the user's or the embedded frames.
Out: pairs, frames, dense features.
"""

REGISTRATIONS = registrations.runs(config)


wildcard_constraints:
    **{
        axis: "|".join(map(re.escape, REGISTRATION_ENTRIES[section])) or "(?!)"
        for axis, section in registrations.AXES.items()
    },


def entry_in(section, axis):
    """A resolved entry of registration."""
    return lambda wildcards: REGISTRATION_ENTRIES[section][wildcards[axis]]


def scenes(wildcards):
    """The folder of a set of pairs, if it is there: if not, the job says where it is had."""
    path = REGISTRATION_ENTRIES["pairs"][wildcards.pairs]["path"]
    return path if Path(path).is_dir() else []


def dense_encoder_files(wildcards):
    """What the backbone of a family is loaded from, if it has one."""
    entry = REGISTRATION_ENTRIES["features"][wildcards.features]["entry"]
    if "backbone" not in entry:
        return {}
    backbone = ENTRIES["backbones"][entry["backbone"]]
    manifest = f"<resources>/weights/{backbone['fetched']}/weights.json"
    return {"weights": manifest} | backbone["files"]


def encoder_entry(wildcards):
    entry = REGISTRATION_ENTRIES["features"][wildcards.features]["entry"]
    name = entry.get("backbone")
    return ENTRIES["backbones"][name]["entry"] if name else {}


rule list_pairs:
    input:
        scenes,
    output:
        file("pairs"),
    log:
        "<logs>/list_pairs/{pairs}.log",
    localrule: True
    conda:
        "../../environment.yml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        entry=entry_in("pairs", "pairs"),
        code=code("list_pairs"),
    script:
        "../../scripts/list_pairs.py"


rule see_frames:
    input:
        unpack(estimated_depth),
        pairs=file("pairs"),
    output:
        file("frames"),
    log:
        "<logs>/see_frames/{pairs}.log",
    benchmark:
        "<benchmarks>/see_frames/{pairs}.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=per_attempt(2000),
        runtime=per_attempt(120),
    params:
        entry=entry_in("pairs", "pairs"),
        code=code("see_frames"),
    script:
        "../../scripts/see_frames.py"


rule describe_frames:
    input:
        unpack(dense_encoder_files),
        pairs=file("pairs"),
        frames=file("frames"),
        networks=networks_of("network"),
    output:
        file("dense"),
    log:
        "<logs>/describe_frames/{pairs}/{features}.log",
    benchmark:
        "<benchmarks>/describe_frames/{pairs}/{features}.tsv"
    wildcard_constraints:
        features=one_of([name for name in FAMILIES if name not in DIFFUSION]),
    conda:
        "../../environment.yml"
    resources:
        gpu=GPU,
        mem_mb=per_attempt(4000),
        runtime=per_attempt(240),
    params:
        features=entry_in("features", "features"),
        backbone=encoder_entry,
        code=code("describe_frames"),
    script:
        "../../scripts/describe_frames.py"
