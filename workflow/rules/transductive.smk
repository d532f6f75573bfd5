"""From unlabelled test features to the logits of methods that read them.

In: features of the test split, text; for one method unlabelled train features, for the few-shot
form shots and their train labels. Out: logits. No test label is read here.
"""


rule transductive:
    input:
        features=features("test"),
        text=file("text"),
        train=unlabelled,
    output:
        file("transductive", "logits.h5"),
    resources:
        mem_mb=per_attempt(8000),
    params:
        sampling=lookup_in(ENTRIES["samplings"], "sampling"),
    script:
        "../../scripts/transductive.py"


rule transductive_few_shot:
    input:
        features=features("test"),
        text=file("text"),
        train=features("train"),
        labels=file("labels", split="train"),
        shots=file("shots"),
    output:
        file("transductive_few_shot", "logits.h5"),
    wildcard_constraints:
        transductive="|".join(name for name, of in TRANSDUCTIVE.items() if of.shots),
    resources:
        mem_mb=per_attempt(8000),
    script:
        "../../scripts/transductive_few_shot.py"
