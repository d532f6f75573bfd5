"""From features of augmented shots to trained adapters and their logits, all seeds in one job.

In: augmented features, train features, train labels, text. Held-out train shapes are rows of the same files.
Features of the test split go in to be classified, never their labels.
Out: adapters and logits. `train_released`, which keeps the best epoch on test labels as the release
does, is a rule of its own.
"""

from pointclip.classification.few_shot import trained_with


def method_module(wildcards):
    """Other methods' code is no reason to train again."""
    method = ENTRIES["adapters"][wildcards.adapter]["method"]
    return f"pointclip.classification.adapters.{method}"


def adapter_parts(wildcards):
    """What an adapter's file says it was trained with, so that it can be used by itself."""
    return trained_with.describe(
        ENTRIES["projections"][wildcards.projection]["entry"],
        ENTRIES["backbones"][wildcards.backbone]["entry"],
        wildcards.prompts,
    )


TRAIN = {
    "augmented": file("augmented"),
    "train": features("train"),
    "test": features("test"),
    "labels": file("labels", split="train"),
    "shots": file("shots"),
    "text": file("text"),
}
JOB = "{dataset}/{sampling}/{projection}/{prompts}/{backbone}/{adapter}/{shots}shot"


rule train:
    input:
        **TRAIN,
    output:
        plain=file("few_shot", protocol="plain") + "/logits.h5",
        plain_adapter=file("few_shot", protocol="plain") + "/adapter.safetensors",
        validation=file("few_shot", protocol="validation") + "/logits.h5",
        validation_adapter=file("few_shot", protocol="validation")
        + "/adapter.safetensors",
    log:
        f"<logs>/train/{JOB}.log",
    benchmark:
        f"<benchmarks>/train/{JOB}.tsv"
    conda:
        "../../environment.yml"
    threads: config["train_threads"]
    resources:
        gpu=GPU,
        mem_mb=per_attempt(8000),
        runtime=per_attempt(120),
    params:
        adapter=entry_of("adapter"),
        parts=adapter_parts,
        torch_threads=config["train_threads"],
        code=code("train", method_module),
    script:
        "../../scripts/train.py"


rule train_released:
    input:
        **TRAIN,
        test_labels=file("labels", split="test"),
    output:
        logits=file("few_shot", protocol="released") + "/logits.h5",
        adapter=file("few_shot", protocol="released") + "/adapter.safetensors",
    log:
        f"<logs>/train_released/{JOB}.log",
    benchmark:
        f"<benchmarks>/train_released/{JOB}.tsv"
    conda:
        "../../environment.yml"
    threads: config["train_threads"]
    resources:
        gpu=GPU,
        mem_mb=per_attempt(8000),
        runtime=per_attempt(120),
    params:
        adapter=entry_of("adapter"),
        parts=adapter_parts,
        torch_threads=config["train_threads"],
        code=code("train_released", method_module),
    script:
        "../../scripts/train_released.py"
