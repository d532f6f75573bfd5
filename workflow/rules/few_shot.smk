"""From features of augmented shots to trained adapters and their logits, all seeds in one job.

In: augmented features, train features, train labels, text. Held-out train shapes are rows of the same files.
Features of the test split go in to be classified, never their labels.
Out: adapters and logits. `train_released`, which keeps the best epoch on test labels as the release
does, is a rule of its own.
"""


rule train:
    input:
        **TRAIN,
    output:
        plain=file("few_shot", "logits.h5", protocol="plain"),
        plain_adapter=file("few_shot", "adapter.safetensors", protocol="plain"),
        validation=file("few_shot", "logits.h5", protocol="validation"),
        validation_adapter=file(
            "few_shot", "adapter.safetensors", protocol="validation"
        ),
        time=file("training_time"),
    threads: config["train_threads"]
    resources:
        **heavy(120),
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
        logits=file("few_shot", "logits.h5", protocol="released"),
        adapter=file("few_shot", "adapter.safetensors", protocol="released"),
    threads: config["train_threads"]
    resources:
        **heavy(120),
    params:
        adapter=entry_of("adapter"),
        parts=adapter_parts,
        torch_threads=config["train_threads"],
        code=code("train_released", method_module),
    script:
        "../../scripts/train_released.py"
