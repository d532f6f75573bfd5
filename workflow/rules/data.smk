"""From published files to clouds, labels and shots.

In: the embedded shapes, a local path, or URLs of the config.
Out: clouds (without labels), labels, the data set's own ids of the shapes, and which train shapes
are shots or held out.
"""


rule download:
    output:
        # The list of files with their checksums, written last: a broken download is resumed.
        "<resources>/datasets/{dataset}/manifest.json",
    retries: 2
    localrule: True
    params:
        entry=entry_of("dataset", "fetch"),
    script:
        "../../scripts/download.py"


rule prepare:
    input:
        raw_data,
    output:
        clouds=file("clouds"),
        labels=file("labels"),
        # The data set's own names: what blending reads in place of the labels.
        ids=file("ids"),
    params:
        entry=entry_of("dataset", "entry"),
        contents=raw_contents,
        code=code("prepare", reader_module),
    script:
        "../../scripts/prepare.py"


rule sample_shots:
    input:
        labels=file("labels", split="train"),
    output:
        file("shots"),
    params:
        sampling=lookup_in(ENTRIES["samplings"], "sampling"),
    script:
        "../../scripts/sample_shots.py"
