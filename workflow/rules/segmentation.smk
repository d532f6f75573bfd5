"""Part segmentation: from patch features and sentences, or labelled shots, to parts.

In: patch features, clouds; part labels of train shapes. Out: parts predicted for the test shapes.
No part label of a test shape is read here.
"""


rule segment:
    input:
        unpack(encoder_files),
        unpack(chosen_on),
        clouds=file("part_clouds", split="test"),
        test=patches_to_choose("test"),
        user=user_files,
    output:
        file("segmented", "predicted.h5"),
    wildcard_constraints:
        shots="0",
    threads: config["encode_threads"]
    resources:
        runtime=per_attempt(120),
    params:
        segmenter=lookup_in(PARTS["segmenters"], "segmenter"),
        kinds=kinds_of_patches,
        backbone=entry_of("backbone", "entry"),
    script:
        "../../scripts/segment.py"


rule segment_few_shot:
    input:
        clouds=file("part_clouds", split="test"),
        test=patches_of("test"),
        train_clouds=file("part_clouds", split="train"),
        train_labels=file("part_labels", split="train"),
        train=patches_of("train"),
        shots=file("part_shots"),
    output:
        predicted=file("segmented", "predicted.h5"),
        adapter=file("segmented", "parts.safetensors"),
    wildcard_constraints:
        shots=r"[1-9]\d*",
        protocol="plain",
    threads: config["train_threads"]
    resources:
        runtime=per_attempt(120),
    params:
        segmenter=lookup_in(PARTS["segmenters"], "segmenter"),
        about=part_adapter_metadata,
    script:
        "../../scripts/segment_few_shot.py"
