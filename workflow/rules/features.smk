"""From depth maps to features of a backbone.

In: depth maps, weights. Out: a feature of every view of every shape. A projection that takes some
views of another one has a copy of that one's features; one that joins others has those of all.
"""


rule encode:
    input:
        unpack(encoder_files),
        depth=file("depth"),
    output:
        file("features"),
    wildcard_constraints:
        projection=one_of(WHOLE),
    # Before more depth maps are rendered, those on the disk are encoded.
    priority: 1
    threads: config["encode_threads"]
    resources:
        **heavy(240),
    params:
        backbone=entry_of("backbone", "entry"),
    script:
        "../../scripts/encode.py"


rule select_views:
    input:
        of_named("projection", "source", "features"),
    output:
        file("features"),
    wildcard_constraints:
        projection=one_of(SUBSETS),
    params:
        views=entry_of("projection", "views"),
    script:
        "../../scripts/select_views.py"
