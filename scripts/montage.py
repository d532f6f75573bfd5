"""Depth maps as the encoder sees them: a row a shape, a column a view, with what was read."""

import numpy as np

from pointclip.core.job import job
from pointclip.core.store import ids_of, read_h5_rows, read_parquet, view_names
from pointclip.evaluation.score import predictions
from pointclip.report.figures.depth import depth_montage
from pointclip.report.figures.style import save


with job(snakemake):
    params, wildcards = snakemake.params, snakemake.wildcards
    labels = read_parquet(snakemake.input.labels)
    classes = labels.attrs["classes"]
    said = predictions(snakemake.input.logits[0], labels, ["zero_shot"])
    # Shapes of different classes, spread over them all: the first test shape of each.
    first = said[said["id"].isin(ids_of(snakemake.input.depth))]
    first = first.drop_duplicates("label").sort_values("label")
    shown = first.iloc[np.linspace(0, len(first) - 1, min(params.shapes, len(first))).astype(int)]
    figure = depth_montage(
        read_h5_rows(snakemake.input.depth, "depth", shown["id"].to_numpy()),
        view_names(snakemake.input.depth[0]),
        [classes[label] for label in shown["label"]],
        [classes[label] for label in shown["predicted"]],
        f"{wildcards.dataset}, {wildcards.projection}",
    )
    save(figure, snakemake.output[0])
