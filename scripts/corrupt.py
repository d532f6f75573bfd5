"""Corrupt the test clouds of a data set."""

from pointclip.core.job import job
from pointclip.data.corrupt import corrupt_split


with job(snakemake):
    files, out = snakemake.input, snakemake.output
    corrupt_split(
        files.clouds,
        files.labels,
        files.ids,
        snakemake.params.corruption,
        out.clouds,
        out.labels,
        out.ids,
    )
