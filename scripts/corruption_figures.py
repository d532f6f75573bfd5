"""Heat map and curve of a data set's errors under corruption."""

import pandas as pd

from pointclip.core.job import job
from pointclip.report.figures.corruption import corruption_curve, corruption_heatmap
from pointclip.report.figures.style import save


with job(snakemake):
    name = snakemake.wildcards.dataset
    errors = pd.read_csv(snakemake.input.csv)
    # Other ways to combine the views of zero-shot stand in the table.
    shown = (errors["shots"] > 0) | (errors["method"] == "zero_shot")
    errors = errors[(errors["dataset"] == name) & shown]
    save(corruption_heatmap(errors, name), snakemake.output.heatmap)
    save(corruption_curve(errors, name), snakemake.output.curve)
