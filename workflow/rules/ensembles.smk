"""From our logits and a file of another model's to blended logits.

In: logits of an experiment, the other model's file, the data set's own ids, by which that file may
name its shapes; under `validation` also held-out train shapes. other_models.smk makes that file where
the other model is a backbone of ours.
Out: the blended logits. No rule here reads a test label.
"""


rule tune_blend_few_shot:
    input:
        **HELD_OUT,
        ours=file("few_shot", "adapter.safetensors", protocol="validation"),
    output:
        blended("few_shot", "blend_weights.parquet", protocol="validation"),
    script:
        "../../scripts/tune_blend.py"


use rule tune_blend_few_shot as tune_blend_zero_shot with:
    input:
        **HELD_OUT,
        ours=file("zero_shot_validation", "logits.h5"),
    output:
        blended("zero_shot_validation", "blend_weights.parquet"),


rule blend_few_shot:
    input:
        **OTHER,
        ours=file("few_shot", "logits.h5", protocol="plain"),
    output:
        blended("few_shot", "logits.h5", protocol="plain"),
    params:
        blend_weight=blend_weight,
    script:
        "../../scripts/blend.py"


use rule blend_few_shot as blend_few_shot_validation with:
    input:
        **OTHER,
        ours=file("few_shot", "logits.h5", protocol="validation"),
        tuned=blended("few_shot", "blend_weights.parquet", protocol="validation"),
    output:
        blended("few_shot", "logits.h5", protocol="validation"),


use rule blend_few_shot as blend_zero_shot with:
    input:
        **OTHER,
        ours=file("zero_shot", "logits.h5", protocol="plain"),
    output:
        blended("zero_shot", "logits.h5", protocol="plain"),


use rule blend_few_shot as blend_zero_shot_validation with:
    input:
        **OTHER,
        ours=file("zero_shot_validation", "logits.h5"),
        tuned=blended("zero_shot_validation", "blend_weights.parquet"),
    output:
        blended("zero_shot_validation", "logits.h5"),
