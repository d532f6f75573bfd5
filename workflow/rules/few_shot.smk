"""From the bank of augmented shots to trained adapters, all seeds in one job, and their scores.

In: bank, train features, train labels, text. Held-out train shapes are rows of the same files.
Features of the test split go in to be classified, never their labels.
Out: adapters, logits, scores and predictions. `train_released`, which keeps the best epoch on test
labels as the release does, is a rule of its own.
"""

TRAIN = {
    "bank": source("<results>/bank/{dataset}/{source}/{backbone}.h5"),
    "train": features("train"),
    "test": features("test"),
    "labels": "<results>/labels/{dataset}/train.parquet",
    "shots": "<results>/shots/{dataset}.parquet",
    "text": "<results>/text/{dataset}/{prompts}/{backbone}.parquet",
}
FEW_SHOT = "<results>/few_shot/{dataset}/{projection}/{prompts}/{backbone}/{adapter}/{shots}shot"
HONEST = ["plain", "validation"]
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
        views=of("projection", "views"),
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
        views=of("projection", "views"),
        about=about,
        torch_threads=config["train_threads"],
        code=method_code("train_released"),
    script:
        "../../scripts/train_released.py"


# Two logits of one training are scored in one job, of which imports are the larger part.
use rule score_zero_shot as score_few_shot with:
    input:
        logits=collect(
            f"{FEW_SHOT}/{{protocol}}/logits.h5", protocol=HONEST, allow_missing=True
        ),
        labels="<results>/labels/{dataset}/test.parquet",
    output:
        scores=expand(
            f"{FEW_SHOT}/{{protocol}}/scores.parquet",
            protocol=HONEST,
            allow_missing=True,
        ),
        predictions=expand(
            f"{FEW_SHOT}/{{protocol}}/predictions.parquet",
            protocol=HONEST,
            allow_missing=True,
        ),
    log:
        f"<logs>/score/{JOB}.log",
    params:
        protocols=HONEST,
        code=code("score"),


use rule score_zero_shot as score_released with:
    input:
        logits=f"{FEW_SHOT}/released/logits.h5",
        labels="<results>/labels/{dataset}/test.parquet",
    output:
        scores=f"{FEW_SHOT}/released/scores.parquet",
        predictions=f"{FEW_SHOT}/released/predictions.parquet",
    log:
        f"<logs>/score_released/{JOB}.log",
    params:
        protocols=["released"],
        code=code("score"),
