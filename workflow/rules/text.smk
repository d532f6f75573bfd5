"""From the sentences about classes to text features.

In: class names of the train split, prompts, weights. Out: one feature a class, its prototype.
"""


rule encode_text:
    input:
        unpack(text_files),
        # Of the train split, so that no test label is behind a prototype.
        labels=file("labels", split="train"),
        prompts=entry_of("prompts", "files"),
    output:
        file("text"),
    threads: config["encode_threads"]
    resources:
        gpu=GPU,
        mem_mb=per_attempt(8000),
    params:
        backbone=entry_of("backbone", "entry"),
        points=entry_of("backbone", "points"),
        text=text_backbone,
    script:
        "../../scripts/encode_text.py"
