"""From the bank of augmented shots to trained adapters and their logits, all seeds in one job.

In: bank, train features, train labels, text. Held-out train shapes are rows of the same files.
Features of the test split go in to be classified, never their labels.
Out: adapters and logits. `train_released`, which keeps the best epoch on test labels as the release
does, is a rule of its own.
"""

TRAIN = {
    "bank": "<results>/bank/{dataset}/{projection}/{backbone}.h5",
    "train": features("train"),
    "test": features("test"),
    "labels": "<results>/labels/{dataset}/train.parquet",
    "shots": "<results>/shots/{dataset}.parquet",
    "text": "<results>/text/{dataset}/{prompts}/{backbone}.parquet",
}
FEW_SHOT = "<results>/few_shot/{dataset}/{projection}/{prompts}/{backbone}/{adapter}/{shots}shot"
JOB = "{dataset}/{projection}/{prompts}/{backbone}/{adapter}/{shots}shot"


rule train:
    input:
        **TRAIN,
    output:
        plain=f"{FEW_SHOT}/plain/logits.h5",
        plain_adapter=f"{FEW_SHOT}/plain/adapter.safetensors",
        validation=f"{FEW_SHOT}/validation/logits.h5",
        validation_adapter=f"{FEW_SHOT}/validation/adapter.safetensors",
    log:
        f"<logs>/train/{JOB}.log",
    benchmark:
        f"<benchmarks>/train/{JOB}.tsv"
    conda:
        "../../environment.yml"
    threads: config["train_threads"]
    resources:
        gpu=GPU,
        mem_mb=grows(8000),
        runtime=grows(120),
    params:
        adapter=of("adapter"),
        about=about,
        torch_threads=config["train_threads"],
        code=method_code("train"),
    script:
        "../../scripts/train.py"


rule train_released:
    input:
        **TRAIN,
        test_labels="<results>/labels/{dataset}/test.parquet",
    output:
        logits=f"{FEW_SHOT}/released/logits.h5",
        adapter=f"{FEW_SHOT}/released/adapter.safetensors",
    log:
        f"<logs>/train_released/{JOB}.log",
    benchmark:
        f"<benchmarks>/train_released/{JOB}.tsv"
    conda:
        "../../environment.yml"
    threads: config["train_threads"]
    resources:
        gpu=GPU,
        mem_mb=grows(8000),
        runtime=grows(120),
    params:
        adapter=of("adapter"),
        about=about,
        torch_threads=config["train_threads"],
        code=method_code("train_released"),
    script:
        "../../scripts/train_released.py"
