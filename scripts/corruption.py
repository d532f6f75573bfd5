"""Errors under corruption: of every corruption and severity, and their means."""

from pointclip.core.job import job
from pointclip.core.store import read_parquet
from pointclip.evaluation.corruption_errors import corruption_errors, mean_errors
from pointclip.report import table_formats


NOTE = (
    "Error in percent, mean over seeds. Corruptions of our own making (thirteen of ModelNet40-C's "
    "fifteen): not to be compared with published numbers of ModelNet40-C. Means are over "
    "corruptions, of their means over severities; turns are no part of them."
)

with job(snakemake):
    errors = corruption_errors(read_parquet(snakemake.input.scores), snakemake.params.corrupted)
    means = mean_errors(errors)
    table_formats.write(errors, snakemake.output.csv)
    table_formats.write(means, snakemake.output.means)
    table_formats.write(means, snakemake.output.html, "Error under corruption", NOTE)
