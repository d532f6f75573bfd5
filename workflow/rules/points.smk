"""From clouds to features of 3D encoders, which read points: no projection, one view.

In: clouds with their colours, weights. Out: the files that features.smk and augmented.smk make for
2D backbones, under the projection `none`.
"""


rule encode_points:
    input:
        unpack(encoder_files),
        clouds=file("clouds"),
    output:
        file("features"),
    wildcard_constraints:
        projection=NO_PROJECTION,
        backbone=one_of(POINT_ENCODERS),
    threads: config["encode_threads"]
    resources:
        **heavy(480),
    params:
        backbone=entry_of("backbone", "entry"),
        shards=entry_of("dataset", "shards"),
    script:
        "../../scripts/encode_points.py"


rule encode_augmented_points:
    input:
        unpack(encoder_files),
        clouds=file("clouds", split="train"),
        labels=file("labels", split="train"),
        shots=file("shots"),
    output:
        file("augmented"),
    wildcard_constraints:
        projection=NO_PROJECTION,
        backbone=one_of(POINT_ENCODERS),
    threads: config["encode_threads"]
    resources:
        **heavy(480),
    params:
        backbone=entry_of("backbone", "entry"),
        contents=lookup_in(AUGMENTED, "dataset", "projection", "backbone"),
        seed=config["augmented"]["seed"],
    script:
        "../../scripts/encode_augmented_points.py"
