"""From features of several projections to those of one that joins them.

In: features of every part. Out: the same with all views side by side.
"""


rule join_views:
    input:
        of_parts("features"),
    output:
        file("features"),
    log:
        "<logs>/join_views/{dataset}/{projection}/{backbone}/{split}/{shard}.log",
    wildcard_constraints:
        projection=one_of(JOINS),
    params:
        parts=entry_of("projection", "parts"),
        code=code("join_views"),
    script:
        "../../scripts/join_views.py"


use rule join_views as join_views_augmented with:
    input:
        of_parts("augmented"),
    output:
        file("augmented"),
    log:
        "<logs>/join_views_augmented/{dataset}/{sampling}/{projection}/{backbone}.log",
