"""From features and text to zero-shot logits per view, and the weights of the views.

In: features of the test split, text; under `validation` also held-out train shapes.
Out: logits. `released`, which chooses its weights on test labels as the release does, is a rule of
its own.
"""


rule zero_shot:
    input:
        features=features("test"),
        text=file("text"),
    output:
        file("zero_shot", "logits.h5", protocol="plain"),
    script:
        "../../scripts/zero_shot.py"


rule zero_shot_validation:
    input:
        features=features("test"),
        text=file("text"),
        train=features("train"),
        labels=file("labels", split="train"),
        shots=file("shots"),
    output:
        file("zero_shot_validation", "logits.h5"),
    script:
        "../../scripts/zero_shot_validation.py"


rule zero_shot_released:
    input:
        features=features("test"),
        text=file("text"),
        labels=file("labels", split="test"),
    output:
        file("zero_shot", "logits.h5", protocol="released"),
    threads: 2
    params:
        v2_view_weights=entry_of("dataset", "v2_view_weights"),
    script:
        "../../scripts/zero_shot_released.py"


rule zero_shot_statistics:
    input:
        # Of the train split: unlabelled for the prior, held-out shapes with their labels for the
        # temperatures.
        features=features("train"),
        text=file("text"),
        labels=file("labels", split="train"),
        shots=file("shots"),
    output:
        file("zero_shot_statistics"),
    resources:
        mem_mb=per_attempt(8000),
    script:
        "../../scripts/zero_shot_statistics.py"
