"""Part sets: from labelled shapes to clouds, shots and patch features.

In: the embedded part set or a local path. Out: clouds with the class of every shape, which a
segmenter is told; part labels in files of their own; patch features with every point's pixels.
"""


rule prepare_parts:
    input:
        part_data,
    output:
        clouds=file("part_clouds"),
        labels=file("part_labels"),
    params:
        entry=lookup_in(
            {name: of["entry"] for name, of in PART_SETS.items()}, "part_dataset"
        ),
        contents=part_contents,
        code=code("prepare_parts", part_reader),
    script:
        "../../scripts/prepare_parts.py"


rule sample_part_shots:
    input:
        file("part_clouds", split="train"),
    output:
        file("part_shots"),
    params:
        sampling=lookup_in(ENTRIES["samplings"], "sampling"),
    script:
        "../../scripts/sample_part_shots.py"


rule encode_patches:
    input:
        unpack(encoder_files),
        clouds=file("part_clouds"),
    output:
        file("patches"),
    threads: config["encode_threads"]
    resources:
        **heavy(240),
    params:
        projection=entry_of("projection", "parameters"),
        backbone=entry_of("backbone", "entry"),
        patches=lookup_in(PARTS["patches"], "patches"),
        shards=lookup_in(
            {name: of["shards"] for name, of in PART_SETS.items()}, "part_dataset"
        ),
    script:
        "../../scripts/encode_patches.py"
