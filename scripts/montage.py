"""Depth maps as the encoder sees them: a row a shape, a column a view, with the predictions."""

import numpy as np

from pointclip.config.experiments import score_columns
from pointclip.core.job import job
from pointclip.core.store import ids_of, read_h5_rows, read_parquet, view_names
from pointclip.evaluation.score import predictions
from pointclip.report.figures.depth import depth_montage, spread_over_classes
from pointclip.report.figures.style import save


with job(snakemake):
    params, inputs = snakemake.params, snakemake.input
    labels = read_parquet(inputs.labels)
    classes = np.array(labels.attrs["classes"])
    shown = spread_over_classes(labels, ids_of(inputs.depth), params.shapes)
    predicted, few_shot = {}, ""
    for run, logits in zip(params.runs.values(), inputs.logits, strict=True):
        method = score_columns(run)["method"]
        table = predictions(logits, labels, [method])
        table = table[table["seed"].isna() | (table["seed"] == table["seed"].min())]
        name = "zero-shot"
        if run["kind"] == "few_shot":
            name = f"{run['shots']} shots" if run["shots"] > 1 else "1 shot"
            few_shot = f"; {name} a class with {method}"
        predicted[name] = classes[table.set_index("id").loc[shown["id"], "predicted"]]
    figure = depth_montage(
        read_h5_rows(inputs.depth, "depth", shown["id"].to_numpy()),
        view_names(inputs.depth[0]),
        classes[shown["label"]],
        predicted,
        f"{snakemake.wildcards.dataset}, {snakemake.wildcards.projection}{few_shot}",
    )
    save(figure, snakemake.output[0])
