"""Recall against the threshold, and error against overlap, for one set of pairs."""

from pointclip.core.job import job
from pointclip.core.store import read_parquet
from pointclip.report.figures.registration_curves import error_by_overlap, recall_curve
from pointclip.report.figures.style import save


with job(snakemake):
    rows = read_parquet(snakemake.input[0])
    rows, params = rows[rows["pairs"] == snakemake.wildcards.pairs], snakemake.params
    save(recall_curve(rows, params.entry["success"]), snakemake.output.recall)
    save(error_by_overlap(rows, params.run, params.entry["success"]), snakemake.output.overlap)
