"""The published values with no freedom left (see `evaluation/reference_checks.py`) against ours.

In: the logits of one zero-shot experiment; the authors' adapter, where it was put, and features.
Out: a page that says pass, fail, or what is missing.
"""


rule reference_checks:
    input:
        unpack(reference_inputs),
    output:
        shown("checks/released.md", "reference_checks", check="the released values"),
    params:
        checkpoint=CHECKPOINT,
        wanted=ZERO_SHOT_TARGET,
    script:
        "../../scripts/reference_checks.py"
