"""Zero-shot logits of an ensemble's other model, where that is a backbone of ours.

In: features of a split and text of the backbone, projection and prompts that the ensemble names.
Out: a file of logits as a user's own one is. No test label is read here.
"""


rule other_model:
    input:
        features=of_ensemble("features"),
        text=of_ensemble("text"),
    output:
        f"<results>/{paths.OTHER_MODEL}",
    script:
        "../../scripts/other_model.py"
