"""From a data set's test clouds to corrupted ones; all else is shared with that data set.

In: clouds, labels and ids of the base. Out: the same files of the corrupted data set. Its train
split, and all that is made of it and of the text, are the base's, under a second name.
"""


rule corrupt:
    input:
        clouds=of_named("dataset", "base", "clouds", split="test"),
        labels=of_named("dataset", "base", "labels", split="test"),
        ids=of_named("dataset", "base", "ids", split="test"),
    output:
        # Gone once they are rendered: one data set's clouds are on the disk.
        clouds=temp(file("clouds", split="test")),
        labels=file("labels", split="test"),
        ids=file("ids", split="test"),
    wildcard_constraints:
        dataset=one_of(CORRUPTED),
    params:
        corruption=entry_of("dataset", "corruption"),
        contents=lambda wildcards: contents(
            ENTRIES["datasets"][wildcards.dataset]["corruption"], key="files"
        ),
    script:
        "../../scripts/corrupt.py"


rule share_train:
    input:
        of_named("dataset", "base", "labels", split="train"),
        of_named("dataset", "base", "ids", split="train"),
    output:
        file("labels", split="train"),
        file("ids", split="train"),
    wildcard_constraints:
        dataset=one_of(CORRUPTED),
    localrule: True
    script:
        "../../scripts/share.py"


use rule share_train as share_features with:
    input:
        of_named("dataset", "base", "features", split="train"),
    output:
        file("features", split="train"),


use rule share_train as share_augmented with:
    input:
        of_named("dataset", "base", "augmented"),
    output:
        file("augmented"),


use rule share_train as share_shots with:
    input:
        of_named("dataset", "base", "shots"),
    output:
        file("shots"),


use rule share_train as share_text with:
    input:
        of_named("dataset", "base", "text"),
    output:
        file("text"),


use rule share_train as share_statistics with:
    input:
        of_named("dataset", "base", "zero_shot_statistics"),
    output:
        file("zero_shot_statistics"),


# The rules that make these files of any data set come after those of a corrupted one.
ruleorder: corrupt > share_train > prepare
ruleorder: share_shots > sample_shots
ruleorder: share_text > encode_text
ruleorder: share_statistics > zero_shot_statistics
ruleorder: share_features > join_views > select_views > encode
ruleorder: share_augmented > join_views_augmented > select_views_augmented > encode_augmented
