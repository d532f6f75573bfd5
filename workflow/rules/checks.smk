"""The published values with no freedom left (see pointclip/evaluation/reference_checks.py) against ours.

In: the logits of one zero-shot experiment; the authors' adapter, where it was put, and features.
Out: a page that says pass, fail, or what is missing.
"""


rule released:
    input:
        unpack(published_exactly),
    output:
        report(
            "<out>/checks/released.md",
            caption="../report/released.rst",
            category="Checks",
            labels={"check": "the released values"},
        ),
    log:
        "<logs>/released.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=4000,
        runtime=10,
    params:
        checkpoint=CHECKPOINT,
        wanted=ZERO_SHOT_TARGET,
        code=code("released"),
    script:
        "../../scripts/released.py"
