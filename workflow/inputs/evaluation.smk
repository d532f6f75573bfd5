"""Input functions and params of evaluation.smk, checks.smk, tables.smk and of the whole."""

from pointclip.catalog.columns import CALIBRATION


def ablation_inputs(wildcards):
    """What an ablation scores: its experiments, and nothing else."""
    runs = ABLATIONS[wildcards.ablation]
    return {"logits": logits(runs), "labels": test_labels(runs)}


# Number of a zero-shot experiment -> what train shapes tell about it, if the config asks for it.
STATISTICS = {
    index: file("zero_shot_statistics", **run)
    for index, run in enumerate(RUNS if config["calibration"] else [])
    if (run["kind"], run["protocol"]) == ("zero_shot", "plain")
    and "ensemble" not in run
}
SCORE_INPUT = {
    "logits": logits(RUNS),
    "labels": test_labels(RUNS),
    "statistics": list(STATISTICS.values()),
}
SCORE_PARAMS = {
    "runs": RUNS,
    "datasets": datasets_of(RUNS),
    "with_statistics": list(STATISTICS),
}


def counted_clouds(wildcards):
    """Clouds of every data set, for a table that says how many points a backbone got."""
    if "points" not in config["tables"][wildcards.table].get("rows", []):
        return {}
    clouds = [file("clouds", dataset=name, split="test") for name in datasets_of(RUNS)]
    return {"clouds": clouds}


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
        found |= {
            "checkpoint": CHECKPOINT,
            "features": shards("features", projection="pointclip_fs", **ids),
            "labels": file("labels", **ids),
            "text": file("text", prompts="v1_few_shot", **ids),
        }
    return found


def calibration_metrics(wildcards):
    """What a table of a calibration metric shows; other tables need only the scores."""
    value = config["tables"][wildcards.table]["value"]
    return "<out>/tables/calibration.csv" if value in CALIBRATION else []
