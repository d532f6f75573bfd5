"""Input functions and params of corruption_results.smk and comparisons.smk."""

# Id of a corrupted data set -> its base and what was done to it.
WORSE = {
    name: {"base": of["base"], "corruption": of["corruption"]}
    for name, of in ENTRIES["datasets"].items()
    if of["corruption"]
}
SCORED = {run["dataset"] for run in RUNS}
CORRUPTED_BASES = sorted({of["base"] for of in WORSE.values()} & SCORED)


def compared(dataset):
    """The few-shot experiments under `plain` that differ in nothing but method and shots, of the
    projection, prompts and backbone with which most methods were run; none if that is only one.
    """
    groups = {}
    for run in RUNS:
        few = run["kind"] == "few_shot" and "ensemble" not in run
        if few and run["dataset"] == dataset and run["protocol"] == "plain":
            same = run["projection"], run["prompts"], run["backbone"]
            groups.setdefault(same, []).append(run)
    largest = max(
        groups.values(), key=lambda of: len({r["adapter"] for r in of}), default=[]
    )
    return largest if len({run["adapter"] for run in largest}) > 1 else []


COMPARED = {name: compared(name) for name in HEADLINES}
COMPARED = {name: of for name, of in COMPARED.items() if of}


def compared_times(wildcards):
    return [file("training_time", **run) for run in COMPARED[wildcards.dataset]]


def batches_inputs(wildcards):
    """Features, labels and text of the data set whose shapes make up the batches."""
    of = config["few_class_batches"][wildcards.batches]
    ids = {axis: of[axis] for axis in ("dataset", "projection", "backbone")}
    return {
        "features": shards("features", split="test", **ids),
        "labels": file("labels", dataset=of["dataset"], split="test"),
        "text": file("text", prompts=of["prompts"], **ids),
    }


wildcard_constraints:
    batches=one_of(config["few_class_batches"]),
