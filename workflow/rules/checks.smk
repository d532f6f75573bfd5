"""The published values with no freedom left (see `evaluation/reference_checks.py`) against ours.

In: the logits of one zero-shot experiment; the authors' adapter, where it was put, and features.
Out: a page that says pass, fail, or what is missing.
"""

# The experiment behind one of them, and where the authors' checkpoint behind the other is put.
ZERO_SHOT_TARGET = {
    "kind": "zero_shot",
    "dataset": "modelnet40",
    "projection": "pointclip_zs",
    "prompts": "v1_zero_shot",
    "backbone": "rn50",
    "protocol": "plain",
}
CHECKPOINT = f"{config['resources']}/checkpoints/pointclip_rn101_16shot.pth.tar"
# Part of the whole where the config runs that experiment; to be asked for by name with any.
CHECKS = (
    ["released"] if paths.logits(ZERO_SHOT_TARGET) in map(paths.logits, RUNS) else []
)


def reference_inputs(wildcards):
    """What there is to compare with: nothing that the config does not ask for is run."""
    found = {}
    if CHECKS:
        runs = [ZERO_SHOT_TARGET]
        found |= {"logits": logits(runs), "truth": test_labels(runs)}
    used = {"datasets": "modelnet40", "projections": "pointclip_fs"}
    used |= {"prompts": "v1_few_shot", "backbones": "rn101"}
    known = all(used[section] in ENTRIES[section] for section in used)
    if known and Path(CHECKPOINT).is_file():
        ids = {"dataset": "modelnet40", "backbone": "rn101", "split": "test"}
        shards = ENTRIES["datasets"]["modelnet40"]["shards"]
        found |= {
            "checkpoint": CHECKPOINT,
            "features": [
                file("features", projection="pointclip_fs", shard=shard, **ids)
                for shard in shards
            ],
            "labels": file("labels", **ids),
            "text": file("text", prompts="v1_few_shot", **ids),
        }
    return found


rule reference_checks:
    input:
        unpack(reference_inputs),
    output:
        report(
            "<out>/checks/released.md",
            caption="../report/reference_checks.rst",
            category="Checks",
            labels={"check": "the released values"},
        ),
    log:
        "<logs>/reference_checks.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=4000,
        runtime=10,
    params:
        checkpoint=CHECKPOINT,
        wanted=ZERO_SHOT_TARGET,
        code=code("reference_checks"),
    script:
        "../../scripts/reference_checks.py"
