"""Where predicted parts meet the part labels of test shapes.

In: predictions, part labels. Out: <out>/part_scores.parquet, <out>/tables/parts.*,
<out>/tables/part_ablations.*, <out>/figures/{part set}.
"""


rule score_parts:
    input:
        predicted=[f"<results>/{part_experiments.predicted(run)}" for run in PART_RUNS],
        clouds=part_sets("test", "part_clouds"),
        labels=part_sets("test", "part_labels"),
        train_clouds=part_sets("train", "part_clouds"),
        train_labels=part_sets("train", "part_labels"),
        patches=ceiling_patches,
    output:
        shapes="<out>/part_scores.parquet",
        parts="<out>/part_ious.parquet",
    params:
        runs=PART_RUNS,
        part_datasets=sorted(PART_HEADLINES),
        ceilings=CEILINGS,
    script:
        "../../scripts/score_parts.py"


rule parts_table:
    input:
        scores="<out>/part_scores.parquet",
        published=PUBLISHED,
    output:
        csv="<out>/tables/parts.csv",
        md="<out>/tables/parts.md",
        ablation_csv="<out>/tables/part_ablations.csv",
        ablation_md="<out>/tables/part_ablations.md",
        ablation_html=shown(
            "tables/part_ablations.html",
            table="part segmentation",
            form="what each setting changes",
        ),
        html=shown(
            "tables/parts.html", table="part segmentation", form="mean over seeds"
        ),
    localrule: True
    params:
        comparisons=part_comparisons.comparisons(config, PART_RUNS),
    script:
        "../../scripts/parts_table.py"


rule parts_figure:
    input:
        predicted=lambda wildcards: f"<results>/{part_experiments.predicted(PART_HEADLINES[wildcards.part_dataset])}",
        clouds=file("part_clouds", split="test"),
        labels=file("part_labels", split="test"),
        ious="<out>/part_ious.parquet",
    output:
        shapes=shown(
            "figures/{part_dataset}/parts.png",
            "parts_figure",
            figure="Parts, true and predicted",
        ),
        ious=shown("figures/{part_dataset}/part_iou.svg", figure="IoU per part"),
    localrule: True
    params:
        run=lookup_in(PART_HEADLINES, "part_dataset"),
    script:
        "../../scripts/parts_figure.py"
