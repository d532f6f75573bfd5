"""From clouds to depth maps.

In: clouds. Out: depth maps of every projection, for all backbones; they go again once they are
encoded and shown, unless the config keeps them.
"""


rule project:
    input:
        clouds=file("clouds"),
    output:
        file("depth") if config["keep_depth"] else temp(file("depth")),
    threads: config["encode_threads"]
    resources:
        runtime=per_attempt(120),
    params:
        projection=entry_of("projection", "parameters"),
        shards=entry_of("dataset", "shards"),
    script:
        "../../scripts/project.py"
