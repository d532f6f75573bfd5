"""From shots to features of augmented copies of them, of which few-shot training samples.

In: clouds and labels of the train split, shots, weights. Out: features of augmented shots.
"""

AUGMENTED = targets.augmented_contents(config, ENTRIES)


rule encode_augmented:
    input:
        unpack(encoder_files),
        clouds=file("clouds", split="train"),
        labels=file("labels", split="train"),
        shots=file("shots"),
    output:
        file("augmented"),
    wildcard_constraints:
        projection=one_of(WHOLE),
    threads: config["encode_threads"]
    resources:
        **heavy(480),
    params:
        projection=entry_of("projection", "parameters"),
        backbone=entry_of("backbone", "entry"),
        contents=lookup_in(AUGMENTED, "dataset", "projection", "backbone"),
        seed=config["augmented"]["seed"],
    script:
        "../../scripts/encode_augmented.py"


use rule select_views as select_views_augmented with:
    input:
        of_named("projection", "source", "augmented"),
    output:
        file("augmented"),
