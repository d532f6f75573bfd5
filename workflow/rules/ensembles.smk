"""From our logits and a file of another model's to the logits of both together.

In: logits of an experiment, the other model's file, the data set's own ids, by which that file may
name its shapes; under `validation` also held-out train shapes.
Out: the blended logits. No rule here reads a test label.
"""

ENSEMBLE_ZERO_SHOT = ZERO_SHOT.replace("<results>", "<results>/ensemble/{ensemble}")
ENSEMBLE_FEW_SHOT = FEW_SHOT.replace("<results>", "<results>/ensemble/{ensemble}")


rule share_few_shot:
    input:
        ours=f"{FEW_SHOT}/validation/adapter.safetensors",
        theirs=theirs,
        text=TRAIN["text"],
        shots=TRAIN["shots"],
        labels=TRAIN["labels"],
        ids="<results>/ids/{dataset}/train.parquet",
        train=TRAIN["train"],
    output:
        f"{ENSEMBLE_FEW_SHOT}/validation/share.parquet",
    log:
        f"<logs>/share/{{ensemble}}/{JOB}.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        code=code("share"),
    script:
        "../../scripts/share.py"


use rule share_few_shot as share_zero_shot with:
    input:
        ours=f"{ZERO_SHOT}/validation/logits.h5",
        theirs=theirs,
        text=TRAIN["text"],
        shots=TRAIN["shots"],
        labels=TRAIN["labels"],
        ids="<results>/ids/{dataset}/train.parquet",
        train=TRAIN["train"],
    output:
        f"{ENSEMBLE_ZERO_SHOT}/validation/share.parquet",
    log:
        "<logs>/share/{ensemble}/zero_shot/{dataset}/{projection}/{prompts}/{backbone}.log",


rule ensemble_few_shot:
    input:
        ours=f"{FEW_SHOT}/{{protocol}}/logits.h5",
        theirs=theirs,
        share=chosen(f"{ENSEMBLE_FEW_SHOT}/validation/share.parquet"),
        ids="<results>/ids/{dataset}/test.parquet",
    output:
        f"{ENSEMBLE_FEW_SHOT}/{{protocol}}/logits.h5",
    log:
        f"<logs>/ensemble/{{ensemble}}/{JOB}/{{protocol}}.log",
    wildcard_constraints:
        protocol="plain|validation",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        ratio=lambda wildcards: config["ensembles"][wildcards.ensemble]["ratio"],
        code=code("ensemble"),
    script:
        "../../scripts/ensemble.py"


use rule ensemble_few_shot as ensemble_zero_shot with:
    input:
        ours=f"{ZERO_SHOT}/{{protocol}}/logits.h5",
        theirs=theirs,
        share=chosen(f"{ENSEMBLE_ZERO_SHOT}/validation/share.parquet"),
        ids="<results>/ids/{dataset}/test.parquet",
    output:
        f"{ENSEMBLE_ZERO_SHOT}/{{protocol}}/logits.h5",
    log:
        "<logs>/ensemble/{ensemble}/zero_shot/{dataset}/{projection}/{prompts}/{backbone}/{protocol}.log",
