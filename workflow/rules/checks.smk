"""The published values with no freedom left (see pointclip/released.py) against ours.

In: the score of one zero-shot experiment; the authors' adapter, where it was put, and features.
Out: a page that says pass, fail, or what is missing.
"""

ZERO_SHOT_TARGET = {
    "kind": "zero_shot",
    **{
        "dataset": "modelnet40",
        "projection": "pointclip_zs",
        "prompts": "v1_zero_shot",
    },
    **{"backbone": "rn50", "protocol": "plain"},
}
# Part of the whole where the config runs that experiment; to be asked for by name with any.
CHECKS = ["released"] if experiments.score_path(ZERO_SHOT_TARGET) in SCORES else []
CHECKPOINT = f"{config['resources']}/checkpoints/pointclip_rn101_16shot.pth.tar"


def published_exactly(wildcards):
    """What there is to compare with: nothing that the config does not ask for is run."""
    found = {}
    score = experiments.score_path(ZERO_SHOT_TARGET)
    if score in SCORES:
        found["scores"] = [f"<results>/{score}"]
    used = [("datasets", "modelnet40"), ("projections", "pointclip_fs")]
    used += [("prompts", "v1_few_shot"), ("backbones", "rn101")]
    if Path(CHECKPOINT).is_file() and all(
        id in ENTRIES[section] for section, id in used
    ):
        found |= {
            "checkpoint": CHECKPOINT,
            "features": [
                f"<results>/features/modelnet40/pointclip_fs/rn101/test-{shard}.h5"
                for shard in ENTRIES["datasets"]["modelnet40"]["shards"]
            ],
            "labels": "<results>/labels/modelnet40/test.parquet",
            "text": "<results>/text/modelnet40/v1_few_shot/rn101.parquet",
        }
    return found


rule released:
    input:
        unpack(published_exactly),
    output:
        report(
            "<out>/checks/released.md",
            caption="../report/released.rst",
            category="Checks",
            labels={"check": "the released values"},
        ),
    log:
        "<logs>/released.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=grows(4000),
        runtime=grows(10),
    params:
        checkpoint=CHECKPOINT,
        wanted=ZERO_SHOT_TARGET,
        code=code("released"),
    script:
        "../../scripts/released.py"
