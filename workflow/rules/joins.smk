"""From features of several projections to those of one that joins them.

In: features of every part. Out: the same with all views side by side.
"""


rule join_views:
    input:
        of_named("projection", "parts", "features"),
    output:
        file("features"),
    wildcard_constraints:
        projection=one_of(JOINS),
    params:
        parts=entry_of("projection", "parts"),
    script:
        "../../scripts/join_views.py"


use rule join_views as join_views_augmented with:
    input:
        of_named("projection", "parts", "augmented"),
    output:
        file("augmented"),
