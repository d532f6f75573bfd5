"""From our logits and a file of another model's to the logits of both together.

In: logits of an experiment, the other model's file, the data set's own ids, by which that file may
name its shapes; under `validation` also held-out train shapes.
Out: the blended logits. No rule here reads a test label.
"""


def blended(kind, **ids):
    return file(kind, **ids).replace("<results>", "<results>/ensemble/{ensemble}")


def external_file(wildcards):
    """The other model's file."""
    return config["ensembles"][wildcards.ensemble]["file"]


rule share_few_shot:
    input:
        ours=file("few_shot", protocol="validation") + "/adapter.safetensors",
        theirs=external_file,
        text=TRAIN["text"],
        shots=TRAIN["shots"],
        labels=TRAIN["labels"],
        ids=file("ids", split="train"),
        train=TRAIN["train"],
    output:
        blended("few_shot", protocol="validation") + "/share.parquet",
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
        ours=file("zero_shot_validation") + "/logits.h5",
        theirs=external_file,
        text=TRAIN["text"],
        shots=TRAIN["shots"],
        labels=TRAIN["labels"],
        ids=file("ids", split="train"),
        train=TRAIN["train"],
    output:
        blended("zero_shot_validation") + "/share.parquet",
    log:
        f"<logs>/share/{{ensemble}}/zero_shot/{ZERO_SHOT}/{{sampling}}.log",


rule ensemble_few_shot:
    input:
        ours=file("few_shot", protocol="plain") + "/logits.h5",
        theirs=external_file,
        ids=file("ids", split="test"),
    output:
        blended("few_shot", protocol="plain") + "/logits.h5",
    log:
        f"<logs>/ensemble/{{ensemble}}/{JOB}/plain.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        blend_weight=lambda wildcards: config["ensembles"][wildcards.ensemble][
            "blend_weight"
        ],
        code=code("ensemble"),
    script:
        "../../scripts/ensemble.py"


use rule ensemble_few_shot as ensemble_few_shot_validation with:
    input:
        ours=file("few_shot", protocol="validation") + "/logits.h5",
        theirs=external_file,
        share=blended("few_shot", protocol="validation") + "/share.parquet",
        ids=file("ids", split="test"),
    output:
        blended("few_shot", protocol="validation") + "/logits.h5",
    log:
        f"<logs>/ensemble/{{ensemble}}/{JOB}/validation.log",


use rule ensemble_few_shot as ensemble_zero_shot with:
    input:
        ours=file("zero_shot", protocol="plain") + "/logits.h5",
        theirs=external_file,
        ids=file("ids", split="test"),
    output:
        blended("zero_shot", protocol="plain") + "/logits.h5",
    log:
        f"<logs>/ensemble/{{ensemble}}/zero_shot/{ZERO_SHOT}/plain.log",


use rule ensemble_few_shot as ensemble_zero_shot_validation with:
    input:
        ours=file("zero_shot_validation") + "/logits.h5",
        theirs=external_file,
        share=blended("zero_shot_validation") + "/share.parquet",
        ids=file("ids", split="test"),
    output:
        blended("zero_shot_validation") + "/logits.h5",
    log:
        f"<logs>/ensemble/{{ensemble}}/zero_shot/{ZERO_SHOT}/validation/{{sampling}}.log",
