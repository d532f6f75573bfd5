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
        mem_mb=8000,
        runtime=120,
    params:
        adapter=lookup(within=ENTRIES, dpath="adapters/{adapter}"),
        views=lookup(within=ENTRIES, dpath="projections/{projection}/views"),
        about=about,
        torch_threads=config["train_threads"],
        code=lookup(within=method_code("train"), dpath="{adapter}"),
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
        mem_mb=8000,
        runtime=120,
    params:
        adapter=lookup(within=ENTRIES, dpath="adapters/{adapter}"),
        views=lookup(within=ENTRIES, dpath="projections/{projection}/views"),
        about=about,
        torch_threads=config["train_threads"],
        code=lookup(within=method_code("train_released"), dpath="{adapter}"),
    script:
        "../../scripts/train_released.py"


use rule score_zero_shot as score_few_shot with:
    input:
        logits=f"{FEW_SHOT}/{{protocol}}/logits.h5",
        labels="<results>/labels/{dataset}/test.parquet",
    output:
        scores=f"{FEW_SHOT}/{{protocol}}/scores.parquet",
        predictions=f"{FEW_SHOT}/{{protocol}}/predictions.parquet",
    log:
        f"<logs>/score/{JOB}/{{protocol}}.log",
