"""Accuracy against the number of shots, for one data set."""

from pointclip.core.job import job
from pointclip.core.store import read_parquet
from pointclip.report.figures.shots import shots_curve
from pointclip.report.figures.style import save


with job(snakemake):
    scores, dataset = read_parquet(snakemake.input.scores), snakemake.wildcards.dataset
    save(shots_curve(scores[scores["dataset"] == dataset], dataset), *snakemake.output)
