"""From features and text to zero-shot logits per view, and the weights of the views.

In: features of the test split, text; under `validation` also held-out train shapes.
Out: logits. `released`, which chooses its weights on test labels as the release does, is a rule of
its own.
"""

ZERO_SHOT = "<results>/zero_shot/{dataset}/{projection}/{prompts}/{backbone}"


rule zero_shot:
    input:
        unpack(held_out),
        features=features("test"),
        text="<results>/text/{dataset}/{prompts}/{backbone}.parquet",
    output:
        f"{ZERO_SHOT}/{{protocol}}/logits.h5",
    log:
        "<logs>/zero_shot/{dataset}/{projection}/{prompts}/{backbone}/{protocol}.log",
    wildcard_constraints:
        protocol="plain|validation",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        code=code("zero_shot"),
    script:
        "../../scripts/zero_shot.py"


rule zero_shot_released:
    input:
        features=features("test"),
        text="<results>/text/{dataset}/{prompts}/{backbone}.parquet",
        labels="<results>/labels/{dataset}/test.parquet",
    output:
        f"{ZERO_SHOT}/released/logits.h5",
    log:
        "<logs>/zero_shot_released/{dataset}/{projection}/{prompts}/{backbone}.log",
    benchmark:
        "<benchmarks>/zero_shot_released/{dataset}/{projection}/{prompts}/{backbone}.tsv"
    conda:
        "../../environment.yml"
    threads: 2
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        v2_view_weights=of("dataset", "v2_view_weights"),
        code=code("zero_shot_released"),
    script:
        "../../scripts/zero_shot_released.py"
